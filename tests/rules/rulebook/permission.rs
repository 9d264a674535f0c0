//! 权限 — who may, over what; who may give whom which role; what nobody holds together.

use annals_events::account::{Duty, Event as AccountEvent, RoleRevoked};
use annals_events::id::{AccountId, PersonId, Stream};
use annals_events::site::{Closed, Event as SiteEvent};
use serde_json::json;
use uuid::Uuid;

use super::court::{Court, word};
use super::{Law, case, hold};
use crate::harness::scribe::Draft;

fn close(c: &Court, by: AccountId) -> Draft {
    c.deed(by, c.site, SiteEvent::Closed(Closed { reason: word("merged") }))
}

/// The editor is made keeper over something, and closes the site.
fn keeper_over(c: &mut Court, scope: fn(&Court) -> Stream) -> Draft {
    let scope = scope(c);
    c.grant(c.editor, "keeper", scope);
    close(c, c.editor)
}

fn revoke(c: &Court, of: AccountId, role: &str, scope: impl Into<Stream>) -> Draft {
    let revoked = RoleRevoked { role: word(role), scope: scope.into() };
    c.deed(c.administrator, of, AccountEvent::RoleRevoked(revoked))
}

const WHO_MAY: &[Law] = &[
    Law {
        says: "a keeper closes a site",
        rules: || {
            json!({"permissions": [
                {"clause": "P-1", "on": ["site.closed"], "roles": ["chief", "keeper"]},
            ]})
        },
        cases: &[
            case("somebody who is none", &["refused P-1"], |c| close(c, c.editor)),
            case("keeper of the site", &[], |c| keeper_over(c, |c| c.site.into())),
            case("keeper of its organisation", &[], |c| keeper_over(c, |c| c.bureau.into())),
            case("keeper of the city", &[], |c| keeper_over(c, |c| c.city.into())),
            case("keeper of a column", &["refused P-1"], |c| keeper_over(c, |c| c.column.into())),
            case("keeper of the other site", &["refused P-1"], |c| {
                keeper_over(c, |c| c.other_site.into())
            }),
            case("keeper of the office", &["refused P-1"], |c| keeper_over(c, |c| c.office.into())),
            case("the other of two roles", &[], |c| close(c, c.chief)),
            case("a keeper no more", &["refused P-1"], |c| {
                c.grant(c.editor, "keeper", c.site);
                c.did(revoke(c, c.editor, "keeper", c.site));
                close(c, c.editor)
            }),
            case("a keeper no more of the city, still of the site", &[], |c| {
                c.grant(c.editor, "keeper", c.site);
                c.grant(c.editor, "keeper", c.city);
                c.did(revoke(c, c.editor, "keeper", c.city));
                close(c, c.editor)
            }),
            case("a suspended keeper", &["refused P-1", "refused annals:actor_suspended"], |c| {
                c.grant(c.editor, "keeper", c.site);
                c.suspend(c.editor);
                close(c, c.editor)
            }),
            case(
                "another account of a keeper's person, for what each may is its own",
                &["refused P-1"],
                |c| {
                    c.grant(c.twin, "keeper", c.site);
                    close(c, c.reviewer)
                },
            ),
        ],
    },
    Law {
        says: "an approver closes a site",
        rules: || {
            json!({"permissions": [
                {"clause": "P-2", "on": ["site.closed"], "roles": ["approver"]},
            ]})
        },
        cases: &[
            case("the bureau's, by duty", &[], |c| close(c, c.twin)),
            case("the city's, by duty", &[], |c| close(c, c.chief)),
            case("somebody of another duty", &["refused P-2"], |c| close(c, c.editor)),
        ],
    },
    Law {
        says: "nobody closes a department's site",
        rules: || {
            json!({"permissions": [
                {"clause": "P-3", "on": ["site.closed"], "when": {"kind": ["department"]}},
            ]})
        },
        cases: &[
            case("the administrator", &["refused P-3"], |c| close(c, c.administrator)),
            case("the office's portal is not its business", &[], |c| {
                let closed = SiteEvent::Closed(Closed { reason: word("merged") });
                c.deed(c.administrator, c.other_site, closed)
            }),
        ],
    },
];

#[test]
fn whoever_acts_holds_one_of_the_roles_for_the_thing() {
    hold(WHO_MAY);
}

/// The keeper gives somebody of the bureau a role over something.
fn keeper_gives(c: &mut Court, keeps: fn(&Court) -> Stream, gives: fn(&Court) -> Stream) -> Draft {
    let (keeps, scope) = (keeps(c), gives(c));
    c.grant(c.editor, "keeper", keeps);
    let granted = annals_events::account::RoleGranted { role: word("chief"), scope };
    c.deed(c.editor, c.reviewer, AccountEvent::RoleGranted(granted))
}

const GRANTS: &[Law] = &[Law {
    says: "an administrator or keeper gives and takes roles, over no more than he keeps",
    rules: || {
        json!({"permissions": [{
            "clause": "P-4", "on": ["account.role_granted", "account.role_revoked"],
            "roles": ["administrator", "keeper"],
        }]})
    },
    cases: &[
        case("the city's administrator, over the site", &[], |c| {
            c.granting(c.editor, "chief", c.site)
        }),
        case("the city's administrator, over the office", &[], |c| {
            c.granting(c.editor, "chief", c.office)
        }),
        case("the bureau's keeper, over the site", &[], |c| {
            keeper_gives(c, |c| c.bureau.into(), |c| c.site.into())
        }),
        case("the bureau's keeper, over its column", &[], |c| {
            keeper_gives(c, |c| c.bureau.into(), |c| c.column.into())
        }),
        case("the bureau's keeper, over the bureau", &[], |c| {
            keeper_gives(c, |c| c.bureau.into(), |c| c.bureau.into())
        }),
        case("the bureau's keeper, over the city", &["refused P-4"], |c| {
            keeper_gives(c, |c| c.bureau.into(), |c| c.city.into())
        }),
        case("the bureau's keeper, over the office's site", &["refused P-4"], |c| {
            keeper_gives(c, |c| c.bureau.into(), |c| c.other_site.into())
        }),
        case("the site's keeper, who keeps no account", &["refused P-4"], |c| {
            keeper_gives(c, |c| c.site.into(), |c| c.site.into())
        }),
        case("somebody who is neither takes a role", &["refused P-4"], |c| {
            let revoked = RoleRevoked { role: word("chief"), scope: c.site.into() };
            c.deed(c.editor, c.twin, AccountEvent::RoleRevoked(revoked))
        }),
        case("the administrator takes a role", &[], |c| revoke(c, c.twin, "chief", c.site)),
    ],
}];

#[test]
fn whoever_gives_a_role_holds_his_over_all_that_it_is_for() {
    hold(GRANTS);
}

/// Another account of the person behind the bureau's reviewer and approver, or of nobody known.
fn another(c: &Court, duty: Duty, of_bureau: bool, same: bool) -> Draft {
    let known = c.scribe.state.accounts.get(c.reviewer).expect("open").person;
    let person = if same { known } else { Some(PersonId(Uuid::from_u128(5))) };
    let organisation = if of_bureau { c.bureau } else { c.office };
    c.open(AccountId(Uuid::from_u128(6)), duty, organisation, "own", person)
}

/// Somebody of the bureau whose duty no rule here names.
fn officer(c: &mut Court) -> AccountId {
    c.staff(Duty::InformationOfficer, c.bureau, "own", None)
}

const APART: &[Law] = &[Law {
    says: "nobody is editor and reviewer of one thing",
    rules: || {
        json!({"permissions": [{
            "clause": "P-5", "on": ["account.opened", "account.role_granted"],
            "never_together": ["editor", "reviewer", "keeper"],
        }]})
    },
    cases: &[
        case("the editor becomes reviewer of the site", &["refused P-5"], |c| {
            c.granting(c.editor, "reviewer", c.site)
        }),
        case("the editor becomes reviewer of a column", &["refused P-5"], |c| {
            c.granting(c.editor, "reviewer", c.column)
        }),
        case("the editor becomes reviewer of the bureau", &["refused P-5"], |c| {
            c.granting(c.editor, "reviewer", c.bureau)
        }),
        case(
            "the editor becomes reviewer of the city, the bureau within it",
            &["refused P-5"],
            |c| c.granting(c.editor, "reviewer", c.city),
        ),
        case("the editor becomes reviewer of the office", &[], |c| {
            c.granting(c.editor, "reviewer", c.office)
        }),
        case("the editor becomes reviewer of the office's site", &[], |c| {
            c.granting(c.editor, "reviewer", c.other_site)
        }),
        case("the editor becomes chief, of which nothing is said", &[], |c| {
            c.granting(c.editor, "chief", c.site)
        }),
        case("the editor becomes editor of the site besides", &[], |c| {
            c.granting(c.editor, "editor", c.site)
        }),
        case("a column and another column do not overlap", &[], |c| {
            let officer = officer(c);
            c.grant(officer, "editor", c.column);
            c.granting(officer, "reviewer", c.other_column)
        }),
        case("a column and its site overlap", &["refused P-5"], |c| {
            let officer = officer(c);
            c.grant(officer, "editor", c.column);
            c.granting(officer, "reviewer", c.site)
        }),
        case("the reviewer's person is made editor under another account", &["refused P-5"], |c| {
            c.granting(c.twin, "editor", c.site)
        }),
        case("the reviewer's person is given an editor's account", &["refused P-5"], |c| {
            another(c, Duty::Editor, true, true)
        }),
        case("the reviewer's person is given another reviewer's account", &[], |c| {
            another(c, Duty::Reviewer, true, true)
        }),
        case("the reviewer's person is given an editor's account elsewhere", &[], |c| {
            another(c, Duty::Editor, false, true)
        }),
        case("another person is given an editor's account", &[], |c| {
            another(c, Duty::Editor, true, false)
        }),
        case("somebody of the city, whom the bureau's rulebook does not judge", &[], |c| {
            c.grant(c.chief, "editor", c.column);
            c.granting(c.chief, "reviewer", c.site)
        }),
        case("the role was revoked before", &[], |c| {
            let officer = officer(c);
            c.grant(officer, "editor", c.site);
            c.did(revoke(c, officer, "editor", c.site));
            c.granting(officer, "reviewer", c.site)
        }),
        case("a rule that only keeps roles apart lets anybody grant them", &[], |c| {
            let role =
                annals_events::account::RoleGranted { role: word("keeper"), scope: c.site.into() };
            let officer = officer(c);
            c.deed(c.editor, officer, AccountEvent::RoleGranted(role))
        }),
    ],
}];

#[test]
fn nobody_holds_together_what_one_rule_keeps_apart() {
    hold(APART);
}
