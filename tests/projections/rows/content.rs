//! Content: the version in work, what it passed, what is shown.

use super::Second;
use super::bytes::*;

#[derive(Clone)]
pub struct Draft {
    pub body: Vec<u8>,
    pub author: Vec<u8>,
    pub bytes: u64,
    pub column: Option<Vec<u8>>,
    pub passed: u8,
    pub passes: Vec<Pass>,
    pub position: u64,
}

#[derive(Clone)]
pub struct Submission {
    pub attributes: Vec<u8>,
    pub body: Vec<u8>,
    pub position: u64,
    pub provider: Option<Vec<u8>>,
}

#[derive(Clone)]
pub struct Content {
    pub site: Vec<u8>,
    pub import: Option<Vec<u8>>,
    pub status: u8,
    pub shown: Option<Vec<u8>>,
    pub draft: Option<Draft>,
    pub submission: Option<Submission>,
}

impl Second {
    pub fn content(&mut self, what: &str, at: &At<'_>) {
        let (header, facts) = (at.header, at.facts);
        if what == "evidence_recorded" {
            return;
        }
        let named = ["import", "line", "author", "change"].map(|name| facts.get(name));
        let imported = named.iter().all(Option::is_some);
        let import = facts.get("import").filter(|_| imported).map(id);
        let content = self.contents.entry(at.own.clone()).or_insert_with(|| Content {
            site: id(&facts["site"]),
            import,
            status: 0,
            shown: None,
            draft: None,
            submission: None,
        });
        content.apply(what, at);
        let command = &header["command"];
        let last = command["index"].as_u64().map(|at| at + 1) == command["of"].as_u64();
        if let ("imported", true, [Some(import), Some(line), Some(_), Some(_)]) =
            (text(&header["provenance"]), last, named)
            && let Some(import) = self.imports.get_mut(&id(import))
        {
            import.next = count(line) + 1;
        }
    }
}

impl Content {
    pub fn apply(&mut self, what: &str, at: &At<'_>) {
        let facts = at.facts;
        let void = |draft: &mut Draft| (draft.passed, draft.passes) = (0, Vec::new());
        match what {
            "drafted" => {
                self.submission = None;
                self.draft = actor(at.header).map(|author| Draft {
                    body: hash(&facts["body"]),
                    author,
                    bytes: count(&facts["bytes"]),
                    column: at.fact("column").map(id),
                    passed: 0,
                    passes: Vec::new(),
                    position: at.position,
                });
            }
            "submitted" => {
                self.draft.as_mut().map(void);
                self.submission = Some(Submission {
                    attributes: attributes(facts),
                    body: hash(&facts["body"]),
                    position: at.position,
                    provider: at.fact("provider").map(id),
                });
            }
            "review_passed" => {
                let draft = self.draft.as_mut().filter(|d| d.body == hash(&facts["body"]));
                if let Some(draft) = draft {
                    draft.passed = 1;
                    draft.passes.extend(at.pass());
                }
            }
            "returned" => {
                self.draft.as_mut().map(void);
                self.submission = None;
            }
            "revised" => {
                let body = hash(&facts["body"]);
                if let Some(submission) = &mut self.submission {
                    submission.body.clone_from(&body);
                }
                if let Some(draft) = &mut self.draft {
                    (draft.body, draft.bytes, draft.passed) = (body, count(&facts["bytes"]), 0);
                    draft.passes.retain(|pass| pass.level != text(&facts["level"]));
                }
            }
            "published" | "corrected" => {
                self.status = 1;
                self.shown = Some(hash(&facts["body"]));
                self.draft = None;
            }
            "withdrawn" => self.status = 2,
            "archived" => self.status = 3,
            _ => assert_eq!(what, "moved"),
        }
    }

    pub fn row(&self) -> Vec<u8> {
        let draft = self.draft.as_ref().map(|d| {
            let head = [d.body.clone(), d.author.clone(), number(d.bytes)].concat();
            let rest = [maybe(d.column.clone()), vec![d.passed], passes(&d.passes)].concat();
            [head, rest, number(d.position)].concat()
        });
        let submission = self.submission.as_ref().map(|s| {
            let provider = maybe(s.provider.clone());
            [s.attributes.clone(), s.body.clone(), number(s.position), provider].concat()
        });
        let head = [self.site.clone(), maybe(self.import.clone()), vec![self.status]].concat();
        [head, maybe(self.shown.clone()), maybe(draft), maybe(submission)].concat()
    }
}
