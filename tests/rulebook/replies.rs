//! Replies to messages: working days, simple questions, outer limits, promises, approval.

use annals_events::account::Duty;
use annals_events::id::{AccountId, MessageId, SiteId};
use annals_events::message::{
    Answered, Assigned, Event as MessageEvent, Published, Received, ReplyDrafted, ReplyPassed,
    ReplyPromised,
};
use annals_events::text::Day;

use super::city::{City, NONE, at, attributes, deed, reported, word};

struct Desk {
    city: City,
    by: AccountId,
    leader: AccountId,
    site: SiteId,
}

impl Desk {
    fn under(profile: &str, begun: &str) -> Desk {
        let mut city = City::found(begun);
        let office = city.organisation("办公室", "county_office");
        let by = city.account(Duty::Editor, office);
        let leader = city.account(Duty::Approver, office);
        city.role(leader, "unit_principal", office);
        let site = city.site(office, &[("kind", "portal")]);
        city.adopt(profile, city.top);
        Desk { city, by, leader, site }
    }

    fn received(&mut self, all: &[(&str, &str)], text: &str) -> MessageId {
        if at(text) > self.city.scribe.now {
            self.city.later(text);
        }
        let id = MessageId(self.city.scribe.id());
        let received = Received { attributes: attributes(all), site: self.site };
        self.city.give(self.by, id, reported(MessageEvent::Received(received), text));
        id
    }

    fn drafted(&mut self, id: MessageId) -> u64 {
        let drafted = ReplyDrafted { site: self.site };
        self.city.give(self.by, id, deed(MessageEvent::ReplyDrafted(drafted)))
    }

    fn passed(&mut self, id: MessageId, reply: u64) {
        let passed = ReplyPassed { level: word("final"), reply, site: self.site };
        self.city.give(self.leader, id, deed(MessageEvent::ReplyPassed(passed)));
    }

    fn answer(&self, reply: u64) -> annals_events::command::Command {
        deed(MessageEvent::Answered(Answered { reply, site: self.site }))
    }

    fn outcome(&self, id: MessageId, clause: &str, text: &str) -> &'static str {
        let owed = self.city.owed(id, text);
        let found = owed.iter().find(|owed| owed.rule.clause == clause);
        found.unwrap_or_else(|| panic!("{clause}: {owed:?}")).outcome.word()
    }
}

#[test]
fn s21_four_working_days_of_fufeng_over_the_national_holiday() {
    let mut desk = Desk::under("fufeng", "2024-09-01 09:00:00");
    let off = ["2024-10-01", "2024-10-02", "2024-10-03", "2024-10-04", "2024-10-07"];
    desk.city.calendar(2024, &off, &["2024-09-29", "2024-10-12"]);
    desk.city.later("2024-09-26 10:00:00");
    let id = desk.received(&[], "2024-09-26 10:00:00");
    let owed = desk.city.owed(id, "2024-09-27 10:00:00");
    let reply = owed.iter().find(|o| o.rule.clause == "FF-12b").expect("a reply is owed");
    assert_eq!(reply.due.map(|due| (due.at, due.provisional)), Some((end_of("2024-10-08"), false)));
    let organisation = desk.city.top;
    let assigned = Assigned { organisation, site: desk.site };
    desk.city.later("2024-09-29 10:00:00");
    desk.city.give(desk.by, id, deed(MessageEvent::Assigned(assigned)));
    let after = desk.city.owed(id, "2024-09-29 12:00:00");
    assert_eq!(after.iter().find(|o| o.rule.clause == "FF-12b").map(|o| o.due), Some(reply.due));
    assert_eq!(desk.outcome(id, "FF-12b", "2024-10-08 23:59:59"), "open");
    assert_eq!(desk.outcome(id, "FF-12b", "2024-10-09 00:00:00"), "overdue");
    desk.city.later("2024-10-09 09:00:00");
    let reply = desk.drafted(id);
    desk.city.scribe.give(desk.by, id, &desk.answer(reply));
    assert_eq!(desk.outcome(id, "FF-12b", "2024-12-01 09:00:00"), "late");
}

fn end_of(day: &str) -> annals_events::Time {
    let next = at(&format!("{day} 23:59:59")).micros() + 999_999;
    annals_events::Time::from_micros(next).expect("in range")
}

#[test]
fn s21_a_reply_of_huashan_needs_its_units_leader_and_a_promise_is_a_deadline() {
    let mut desk = Desk::under("huashan", "2022-03-01 09:00:00");
    let id = desk.received(&[("channel", "site")], "2022-03-01 09:10:00");
    let by = Day::new("2022-03-11").expect("a day");
    let promised = ReplyPromised { by, site: desk.site };
    desk.city.give(desk.by, id, deed(MessageEvent::ReplyPromised(promised)));
    assert_eq!(desk.outcome(id, "HS-1.11c", "2022-03-11 23:59:59"), "open");
    assert_eq!(desk.outcome(id, "HS-1.11c", "2022-03-12 00:00:00"), "overdue");
    let reply = desk.drafted(id);
    assert_eq!(desk.city.refused(desk.by, id, desk.answer(reply)), ["HS-1.11b"]);
    desk.passed(id, reply);
    desk.city.give(desk.by, id, desk.answer(reply));
    let publish = || deed(MessageEvent::Published(Published { site: desk.site }));
    assert_eq!(desk.city.refused(desk.by, id, publish()), NONE);
}

#[test]
fn s21_a_message_whose_sender_asked_for_secrecy_is_not_made_public() {
    let mut desk = Desk::under("huashan", "2022-03-01 09:00:00");
    let secret = [("channel", "site"), ("confidential", "yes")];
    let id = desk.received(&secret, "2022-03-01 09:10:00");
    let reply = desk.drafted(id);
    desk.passed(id, reply);
    desk.city.give(desk.by, id, desk.answer(reply));
    let publish = deed(MessageEvent::Published(Published { site: desk.site }));
    assert_eq!(desk.city.refused(desk.by, id, publish), ["HS-1.17c"]);
}

#[test]
fn la_18_a_simple_question_has_one_day_another_five_and_ten_at_the_latest() {
    let mut desk = Desk::under("lu_an", "2022-03-01 09:00:00");
    desk.city.calendar(2022, &["2022-04-04", "2022-04-05"], &["2022-04-02"]);
    desk.city.later("2022-03-07 09:00:00");
    let [simple, normal] = ["simple", "ordinary"].map(|class| {
        desk.received(&[("channel", "site"), ("class", class)], "2022-03-07 09:00:00")
    });
    assert_eq!(desk.outcome(simple, "LA-P25c", "2022-03-08 23:59:59"), "open");
    assert_eq!(desk.outcome(simple, "LA-P25c", "2022-03-09 00:00:00"), "overdue");
    assert_eq!(desk.outcome(normal, "LA-P25b", "2022-03-14 23:59:59"), "open");
    assert_eq!(desk.outcome(normal, "LA-P25b", "2022-03-15 00:00:00"), "overdue");
    let owed = desk.city.owed(normal, "2022-03-15 00:00:00");
    let outer = owed.iter().find_map(|owed| owed.outer).expect("an outer limit");
    assert_eq!(outer.at, end_of("2022-03-21"));
    let later = desk.received(&[("channel", "site"), ("class", "ordinary")], "2022-03-31 09:00:00");
    let owed = desk.city.owed(later, "2022-03-31 12:00:00");
    let due = owed.iter().find(|o| o.rule.clause == "LA-P25b").and_then(|o| o.due);
    assert_eq!(due.map(|due| due.at), Some(end_of("2022-04-08")), "Qingming moves it");
}

#[test]
fn la_18_a_reply_of_new_media_needs_the_units_leader() {
    let mut desk = Desk::under("lu_an", "2022-03-01 09:00:00");
    let id = desk.received(&[("channel", "new_media")], "2022-03-01 09:10:00");
    let reply = desk.drafted(id);
    assert_eq!(desk.city.refused(desk.by, id, desk.answer(reply)), ["LA-M19.2b"]);
    desk.passed(id, reply);
    assert_eq!(desk.city.refused(desk.by, id, desk.answer(reply)), NONE);
}
