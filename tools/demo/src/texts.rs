//! 正文 — the pages of the story.

/// The guide as first published; its first version.
pub(crate) const GUIDE: usize = 0;
/// The notice.
pub(crate) const NOTICE: usize = 1;
/// The guide as corrected.
pub(crate) const GUIDE_CORRECTED: usize = 2;

/// Everything that is uploaded before the story begins.
pub const TEXTS: [&str; 3] = [
    "<h1>就业登记办理指南</h1>\n\
     <p>受理机构：青河市人力资源和社会保障局</p>\n\
     <p>申请材料：居民身份证、就业登记表</p>\n\
     <p>承诺办结时限：5个工作日</p>\n\
     <p>收费情况：不收费</p>\n",
    "<h1>关于举办2025年春季招聘会的通知</h1>\n\
     <p>定于2025年3月8日上午9时在青河市人力资源市场举办春季招聘会，欢迎求职者参加。</p>\n\
     <p>青河市人力资源和社会保障局</p>\n",
    "<h1>就业登记办理指南</h1>\n\
     <p>受理机构：青河市人力资源和社会保障局</p>\n\
     <p>申请材料：居民身份证、就业登记表</p>\n\
     <p>承诺办结时限：3个工作日</p>\n\
     <p>收费情况：不收费</p>\n",
];
