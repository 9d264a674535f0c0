//! What the tour says: in Chinese, and under it, shorter, in English.

use annals_demo::Step;
use annals_events::Time;
use annals_verify::Report;
use chrono::FixedOffset;
use serde_json::Value;

use super::Next;
use super::look::{Evening, Found};
use super::play::Shown;
use crate::cli::term;
use crate::ledger::Refusal;
use crate::ledger::export::Exported;
use crate::ledger::found::Founded;
use crate::store::StoredCheckpoint;

/// Hex digits of a hash that a person compares.
const SHORT: usize = 12;

/// Says what happens, and keeps what should have happened and did not.
pub struct Teller {
    json: bool,
    unmet: Vec<String>,
}

impl Teller {
    /// With `json` nothing is said until the end.
    pub fn new(json: bool) -> Teller {
        Teller { json, unmet: Vec::new() }
    }

    /// Note it if something that should hold does not.
    pub fn expect(&mut self, holds: bool, sentence: &str) {
        if !holds {
            term::say(&format!("annals: not as expected: {sentence}"));
            self.unmet.push(sentence.to_owned());
        }
    }

    /// What should have held and did not.
    pub fn unmet(&self) -> &[String] {
        &self.unmet
    }

    fn line(&self, line: &str) {
        if !self.json {
            term::tell(line);
        }
    }

    fn pair(&self, chinese: &str, english: &str) {
        self.line(chinese);
        self.line(&format!("    {english}"));
    }

    fn heading(&self, chinese: &str, english: &str) {
        self.line("");
        self.pair(&format!("【{chinese}】"), english);
    }

    /// What this is.
    pub fn title(&self) {
        self.pair(
            "史册（Annals）：政务网站的每一次起草、审核、发布、更正、撤回，各形成一条记录，只增不改。",
            "A ledger of what happened to a government website: entries are only ever added.",
        );
        self.pair(
            "任何人凭导出文件和一个数值（创世叶），无须信任运行方，即可逐条核验。",
            "Whoever has the export and one value, the genesis leaf, can check it without trust.",
        );
    }

    /// Founded.
    pub fn founded(&self, founded: &Founded) {
        self.heading("一、建立账本", "founding: a demo ledger, with keys of its own");
        self.pair(
            &format!("账本 {}，用途：演示。创世叶：", annals_demo::ORIGIN),
            "the genesis leaf, the one value a verifier pins:",
        );
        self.line(&format!("    {}", founded.genesis));
    }

    /// The story begins.
    pub fn story(&self) {
        self.heading(
            "二、记录业务",
            "the story: position, type, who, leaf; refused attempts leave no entry",
        );
    }

    /// Somebody gives a command.
    pub fn step(&self, step: &Step) {
        let role = step.role;
        let Step { at, chinese, english, .. } = step;
        let who = format!("{}{}", role.chinese(), role.name());
        self.pair(
            &format!("{} {who}：{chinese}", minute(*at)),
            &format!("the {} {english}", role.english()),
        );
    }

    /// An entry was written.
    pub fn entry(&self, shown: &Shown) {
        let Shown { header, leaf, role } = shown;
        let who = role.map_or("(the ledger)", |role| role.english());
        let leaf = &leaf.to_string()[..SHORT];
        let position = header.position.0;
        self.line(&format!("    #{position:<3} {:<34} {who:<14} {leaf}", header.kind));
    }

    /// The rules said no.
    pub fn refused(&self, refusal: &Refusal) {
        let Refusal { clause, detail, .. } = refusal;
        // A clause that the story does not know is a failure of the tour: its name says which.
        let chinese = annals_demo::clause_in_chinese(clause).unwrap_or(clause);
        self.pair(&format!("    拒绝：{chinese}。"), &format!("refused: {clause}: {detail}"));
    }

    /// A checkpoint was signed.
    pub fn checkpoint(&self, checkpoint: &StoredCheckpoint) {
        self.heading("三、签署检查点", "checkpoint: origin, size and root, signed by the log key");
        for line in checkpoint.note.lines().take_while(|line| !line.is_empty()) {
            self.line(&format!("    {line}"));
        }
    }

    /// An export was written.
    pub fn exported(&self, exported: &Exported, path: &std::path::Path) {
        self.heading("四、导出并核验", "export, and what annals-verify says of it");
        self.line(&format!(
            "    {}: {} entries, head {}",
            path.display(),
            exported.size,
            &exported.head.to_string()[..SHORT]
        ));
    }

    /// The verdict over the export.
    pub fn sound(&self, report: &Report) {
        self.report(report);
        self.pair("结论：完好。", "the verdict: sound");
    }

    fn report(&self, report: &Report) {
        for line in report.to_text().lines() {
            self.line(&format!("    | {line}"));
        }
    }

    /// The verdicts over the forged copies.
    pub fn forged(&self, position: u64, export: &Report, store: &Report) {
        self.heading("五、篡改", "tampering: one byte, and the page was published a day earlier");
        self.pair(
            &format!("在导出文件的副本中，将第 {position} 条记录的日期改动一个字节："),
            &format!("one byte of entry {position} in a copy of the export:"),
        );
        self.verdict(export);
        self.pair(
            "绕过数据库触发器，在数据库文件的副本中改动同一个字节：",
            "the same byte in a copy of the database file, past its triggers:",
        );
        self.verdict(store);
        let chinese = format!("两次均判定为被篡改，并指出是第 {position} 条。");
        self.pair(&chinese, &format!("both are found out, and entry {position} is named"));
    }

    fn verdict(&self, report: &Report) {
        for line in report.to_text().lines().take(2) {
            self.line(&format!("    | {line}"));
        }
    }

    /// The page on two evenings.
    pub fn looked(&self, found: &Found) {
        self.heading("六、历史回溯", "looking back: the site as it stood on an evening");
        let Found { before, after } = found;
        self.pair(
            &format!(
                "{} 网站有 {} 个页面，指南内容为“{}”；{} 更正后为“{}”。",
                minute(before.at),
                before.pages,
                before.line,
                minute(after.at),
                after.line
            ),
            &format!(
                "{} pages; the guide's version of entry {} gave way to that of entry {}",
                before.pages, before.position, after.position
            ),
        );
        for evening in [before, after] {
            let Evening { at, passed_by, passed_at, .. } = evening;
            self.pair(
                &format!("{} 显示的版本由 {passed_by} 审核通过。", minute(*at)),
                &format!("who passed the version shown then: entry {passed_at}"),
            );
        }
    }

    /// What to try.
    pub fn next(&self, next: &[Next], kept: bool) {
        self.heading("七、后续操作", "what to try next, in this order");
        if kept {
            self.pair("文件夹已保留。", "the folder was kept");
        } else {
            self.pair(
                "本次使用的临时文件夹已删除；使用 --dir 可予保留。",
                "this run's folder is gone; --dir keeps one",
            );
        }
        for Next { command, exit } in next {
            let exit = if *exit == 0 { String::new() } else { format!("   # exit {exit}") };
            self.line(&format!("    $ {command}{exit}"));
        }
    }

    /// The end: everything as expected, or not.
    pub fn end(&self, object: &Value) {
        if self.json {
            term::answer(true, object, "");
            return;
        }
        self.line("");
        if self.unmet.is_empty() {
            self.pair(
                "演示完毕：应予拒绝的均已拒绝，完好的判定为完好，被篡改的均已指出。",
                "everything came out as it should",
            );
        } else {
            self.pair(
                &format!("演示中有 {} 处与预期不符，详见上文。", self.unmet.len()),
                "something did not come out as it should; see above",
            );
        }
    }
}

/// A minute as the office's clock shows it.
fn minute(at: Time) -> String {
    let office = FixedOffset::east_opt(8 * 3_600).expect("eight hours are an offset");
    at.to_chrono().with_timezone(&office).format("%-m月%-d日 %H:%M").to_string()
}

/// A word for the shell, quoted where it must be.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{minute, quoted};

    #[test]
    fn a_word_for_the_shell_is_quoted_where_it_must_be() {
        assert_eq!(quoted("青河/a-1.db"), "青河/a-1.db");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a'b"), r"'a'\''b'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_minute_is_the_one_on_the_offices_clock() {
        assert_eq!(minute(annals_demo::founded_at()), "3月3日 08:30");
    }
}
