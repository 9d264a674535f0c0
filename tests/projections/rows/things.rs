//! Accounts, columns, sites, the platform.

use serde_json::{Value, json};

use super::Second;
use super::bytes::*;

pub struct Account {
    /// Access, attributes, duty, organisation, position of the opening, person.
    pub opened: Vec<u8>,
    /// Role and scope, with the position.
    pub roles: Vec<(Vec<u8>, u64)>,
    pub standing: u8,
}

pub struct Column {
    pub attributes: Vec<u8>,
    pub closed: u8,
    pub opened: Vec<u8>,
}

pub struct Site {
    /// Attributes, name, organisation, when it was opened.
    pub opened: Vec<u8>,
    pub standing: Vec<u8>,
    /// Whether it was an emergency, from when, until when.
    pub absences: Vec<(u8, Vec<u8>, Option<Vec<u8>>)>,
}

impl Site {
    pub fn end_absence(&mut self, at: &[u8]) {
        if let Some((_, _, until)) = self.absences.last_mut() {
            until.get_or_insert_with(|| at.to_vec());
        }
    }
}

/// Clause, from and subject; until, as an instant's text.
pub type Exemption = ([Vec<u8>; 3], Value);

impl Second {
    pub fn account(&mut self, what: &str, at: &At<'_>) {
        let facts = at.facts;
        if what == "opened" {
            let opened = [
                word(text(&facts["access"]), "usable unusable"),
                attributes(facts),
                word(text(&facts["duty"]), DUTIES),
                id(&facts["organisation"]),
                number(at.position),
                maybe(at.fact("person").map(id)),
            ];
            let account = Account { opened: opened.concat(), roles: Vec::new(), standing: 0 };
            self.accounts.insert(at.own.clone(), account);
            return;
        }
        let Some(account) = self.accounts.get_mut(&at.own) else { return };
        let role = || [string(&facts["role"]), stream(&facts["scope"])].concat();
        match what {
            "role_granted" => account.roles.push((role(), at.position)),
            "role_revoked" => account.roles.retain(|(held, _)| *held != role()),
            "suspended" => account.standing = 1,
            "resumed" => account.standing = 0,
            "cancelled" => account.standing = 2,
            _ => assert!(["applied", "evidence_recorded"].contains(&what), "{what}"),
        }
    }

    pub fn column(&mut self, what: &str, at: &At<'_>) {
        if what == "opened" {
            let opened = [effective(at.header), id(&at.facts["site"])].concat();
            let column = Column { attributes: attributes(at.facts), closed: 0, opened };
            self.columns.insert(at.own.clone(), column);
        } else if let Some(column) = self.columns.get_mut(&at.own) {
            assert_eq!(what, "closed");
            column.closed = 1;
        }
    }

    pub fn site(&mut self, what: &str, at: &At<'_>) {
        let (facts, now) = (at.facts, effective(at.header));
        if what == "opened" {
            let head = [attributes(facts), string(&facts["name"]), id(&facts["organisation"])];
            let opened = [head.concat(), now].concat();
            let site = Site { opened, standing: vec![0], absences: Vec::new() };
            self.sites.insert(at.own.clone(), site);
            return;
        }
        let Some(site) = self.sites.get_mut(&at.own) else { return };
        if what == "evidence_recorded" {
            return;
        }
        site.end_absence(&now);
        let since = |state: u8| [vec![state], now.clone()].concat();
        site.standing = match what {
            "taken_offline" => since(1),
            "shut_down" => since(2),
            "closed" => vec![3],
            _ => (assert_eq!(what, "restored"), vec![0]).1,
        };
        if ["taken_offline", "shut_down"].contains(&what) {
            site.absences.push((u8::from(what == "shut_down"), now, None));
        }
    }

    pub fn platform(&mut self, what: &str, at: &At<'_>) {
        let facts = at.facts;
        match what {
            "organisation_registered" => {
                let parent = maybe(at.fact("parent").map(id));
                let row = [attributes(facts), string(&facts["name"]), parent].concat();
                self.organisations.insert(at.own.clone(), row);
            }
            "act_proposed" => self.propose(at),
            "profile_adopted" => {
                self.do_act(at);
                let Ok(command) = serde_json::from_str::<Value>(text(&facts["command"])) else {
                    return;
                };
                let profile = json!(command["profile"].to_string());
                let head = [number(at.position), at.own.clone()].concat();
                let row = [head, instant(&command["effective_from"]), string(&profile)];
                self.adoptions.push(row.concat());
            }
            "calendar_adopted" => {
                let days = [strings(at.fact("off")), strings(at.fact("on"))].concat();
                let year = count(&facts["year"]);
                self.calendars.insert(year, [days, number(year)].concat());
            }
            "exemption_granted" => {
                let row =
                    [string(&facts["clause"]), instant(&facts["from"]), stream(&facts["subject"])];
                self.exemptions.insert(at.position, (row, facts["until"].clone()));
            }
            "exemption_ended" => {
                let ended = self.exemptions.get_mut(&count(&facts["exemption"]));
                let now = &at.header["recorded_at"];
                // Instants of one form: the earlier one is the smaller text.
                if let Some((_, until)) = ended.filter(|(_, until)| text(until) > text(now)) {
                    *until = now.clone();
                }
            }
            _ => assert_eq!(what, "evidence_recorded"),
        }
    }

    pub fn platform_rows(&self) -> Vec<Vec<u8>> {
        let organisations =
            self.organisations.iter().map(|(id, row)| [&[0], id.as_slice(), row].concat());
        let adoptions = self.adoptions.iter().map(|row| [&[1], row.as_slice()].concat());
        let exemptions = self.exemptions.iter().map(|(at, (row, until))| {
            [vec![2], number(*at), row.concat(), instant(until)].concat()
        });
        let calendars = self.calendars.values().map(|row| [&[3], row.as_slice()].concat());
        organisations.chain(adoptions).chain(exemptions).chain(calendars).collect()
    }
}

impl Account {
    pub fn row(&self) -> Vec<u8> {
        let role = |(role, at): &(Vec<u8>, u64)| [role.clone(), number(*at)].concat();
        let roles = list(&self.roles.iter().map(role).collect::<Vec<_>>());
        [self.opened.clone(), roles, vec![self.standing]].concat()
    }
}

impl Column {
    pub fn row(&self) -> Vec<u8> {
        [self.attributes.clone(), vec![self.closed], self.opened.clone()].concat()
    }
}

impl Site {
    pub fn row(&self) -> Vec<u8> {
        let absence = |(shut, from, until): &(u8, Vec<u8>, Option<Vec<u8>>)| {
            [vec![*shut], from.clone(), maybe(until.clone())].concat()
        };
        let absences = list(&self.absences.iter().map(absence).collect::<Vec<_>>());
        [self.opened.clone(), self.standing.clone(), absences].concat()
    }
}
