//! 情形 — an entry with all that rules may ask about it.

use annals_events::attributes::Attributes;
use annals_events::id::{
    AccountId, ColumnId, ContentId, IncidentId, MessageId, OrganisationId, PersonId, SiteId,
    Stream, Thing,
};
use annals_events::profile::When;
use annals_events::{Event, account, content, incident, message, site};

use crate::content::{Content, Draft};
use crate::fold::Frame;
use crate::judge::View;

/// Whether a thing has, of every attribute named, one of the values named; its own attributes stand
/// under the empty word, those of others under theirs.
pub fn selects_thing(when: &When, attributes: &[(&str, Option<&Attributes>)]) -> bool {
    when.iter().all(|(name, values)| {
        let (of, name) = name.as_str().split_once('.').unwrap_or(("", name.as_str()));
        let found = attributes.iter().find(|(word, _)| *word == of);
        let value = found.and_then(|(_, attributes)| attributes.as_ref()?.get(name));
        value.is_some_and(|value| values.iter().any(|one| one.as_str() == value))
    })
}

/// See the module.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The state.
    pub view: View<'a>,
    /// The entry's place and time.
    pub frame: &'a Frame<'a>,
    /// What happened.
    pub event: &'a Event,
    /// The organisation in charge.
    pub organisation: OrganisationId,
    /// The site, where there is one.
    pub site: Option<SiteId>,
    /// The piece of content, where it is one.
    pub content: Option<&'a Content>,
}

impl<'a> Scene<'a> {
    /// The scene of an entry; `None` where nobody is in charge.
    pub fn of(view: View<'a>, frame: &'a Frame<'a>, event: &'a Event) -> Option<Scene<'a>> {
        let id = frame.stream.id;
        let state = view.state;
        let content = match event {
            Event::Content(_) => state.contents.get(ContentId(id)),
            _ => None,
        };
        let site = match event {
            Event::Site(_) => Some(SiteId(id)),
            Event::Content(event) => event.site().or(content.map(|content| content.site)),
            Event::Message(event) => {
                event.site().or_else(|| Some(state.messages.get(MessageId(id))?.site))
            }
            Event::Incident(event) => {
                event.site().or_else(|| Some(state.incidents.get(IncidentId(id))?.site))
            }
            _ => event.site(),
        };
        let of_site = |site: SiteId| Some(state.sites.get(site)?.organisation);
        let organisation = match event {
            Event::Ledger(_) => None,
            Event::Platform(_) => Some(OrganisationId(id)),
            Event::Account(account::Event::Opened(opened)) => Some(opened.organisation),
            Event::Account(account::Event::Applied(applied)) => Some(applied.organisation),
            Event::Account(_) => Some(state.accounts.get(AccountId(id))?.organisation),
            Event::Site(site::Event::Opened(opened)) => Some(opened.organisation),
            _ => of_site(site?),
        }?;
        Some(Scene { view, frame, event, organisation, site, content })
    }

    /// The version in work.
    pub fn draft(&self) -> Option<&'a Draft> {
        self.content?.draft.as_deref()
    }

    /// The column it is for.
    pub fn column(&self) -> Option<ColumnId> {
        match self.event {
            Event::Column(_) => Some(ColumnId(self.frame.stream.id)),
            Event::Content(content::Event::Drafted(drafted)) => drafted.column,
            _ => self.draft()?.column,
        }
    }

    /// Who supplied the content, who is to answer the message; the organisation in charge where
    /// nobody is named.
    pub fn provider(&self) -> OrganisationId {
        let named = match self.event {
            Event::Message(_) => {
                let id = MessageId(self.frame.stream.id);
                self.view.state.messages.get(id).and_then(|message| message.organisation)
            }
            Event::Content(content::Event::Submitted(submitted)) => submitted.provider,
            _ => self.content.and_then(|content| content.submission.as_ref()?.provider),
        };
        named.unwrap_or(self.organisation)
    }

    /// The person who acts.
    pub fn actor(&self) -> Option<AccountId> {
        self.frame.actor.map(|actor| actor.account)
    }

    /// The person behind an account.
    pub fn person(&self, account: AccountId) -> PersonId {
        self.view.state.accounts.person(account)
    }

    /// Whether a person holds one of these roles for this thing.
    pub fn holds(&self, account: AccountId, roles: &[annals_events::text::Word]) -> bool {
        self.holds_for(account, roles, self.organisation, self.site, self.column())
    }

    /// Whether a person holds one of these roles for an organisation alone.
    pub fn holds_at(
        &self,
        account: AccountId,
        roles: &[annals_events::text::Word],
        organisation: OrganisationId,
    ) -> bool {
        self.holds_for(account, roles, organisation, None, None)
    }

    /// Whether a person holds one of these roles for all of a scope.
    pub fn holds_over(
        &self,
        account: AccountId,
        roles: &[annals_events::text::Word],
        scope: Stream,
    ) -> bool {
        let state = self.view.state;
        let column = (scope.thing == Thing::Column).then_some(ColumnId(scope.id));
        let site = match scope.thing {
            Thing::Site => Some(SiteId(scope.id)),
            _ => column.and_then(|column| Some(state.columns.get(column)?.site)),
        };
        let organisation = match scope.thing {
            Thing::Platform => Some(OrganisationId(scope.id)),
            _ => site.and_then(|site| Some(state.sites.get(site)?.organisation)),
        };
        organisation.is_some_and(|id| self.holds_for(account, roles, id, site, column))
    }

    fn holds_for(
        &self,
        account: AccountId,
        roles: &[annals_events::text::Word],
        organisation: OrganisationId,
        site: Option<SiteId>,
        column: Option<ColumnId>,
    ) -> bool {
        let Some(account) = self.view.state.accounts.get(account) else { return false };
        account.held().any(|(role, scope)| {
            roles.iter().any(|wanted| wanted.as_str() == role)
                && match scope.thing {
                    Thing::Site => site.is_some_and(|site| Stream::from(site) == scope),
                    Thing::Column => column.is_some_and(|column| Stream::from(column) == scope),
                    _ => self.is_below(organisation, scope),
                }
        })
    }

    /// Whether an organisation is the one of this scope, or below it.
    fn is_below(&self, organisation: OrganisationId, scope: Stream) -> bool {
        self.view.state.platform.line(organisation).any(|id| Stream::from(id) == scope)
    }

    /// Whether two scopes overlap: equal, or one within the other.
    pub fn overlap(&self, one: Stream, other: Stream) -> bool {
        let state = self.view.state;
        let within = |inner: Stream, outer: Stream| {
            let column = (inner.thing == Thing::Column)
                .then(|| state.columns.get(ColumnId(inner.id)))
                .flatten();
            let site = match inner.thing {
                Thing::Site => Some(SiteId(inner.id)),
                _ => column.map(|column| column.site),
            };
            let organisation = match inner.thing {
                Thing::Platform => Some(OrganisationId(inner.id)),
                _ => site.and_then(|site| Some(state.sites.get(site)?.organisation)),
            };
            inner == outer
                || site.is_some_and(|site| Stream::from(site) == outer)
                || organisation.is_some_and(|id| self.is_below(id, outer))
        };
        within(one, other) || within(other, one)
    }

    /// Whether an exemption of this clause holds for the thing, its site or its organisation.
    pub fn is_exempt(&self, clause: &str) -> bool {
        let mut subjects = vec![self.frame.stream, self.organisation.into()];
        subjects.extend(self.site.map(Stream::from));
        if let Event::Site(site::Event::Opened(opened)) = self.event {
            subjects.push(opened.organisation.into());
        }
        self.view.state.platform.is_exempt(clause, &subjects, self.frame.effective_at())
    }

    /// Whether it has, of every attribute named, one of the values named.
    pub fn selects(&self, when: &When) -> bool {
        when.iter().all(|(name, values)| {
            let value = self.value(name.as_str());
            value.is_some_and(|value| values.iter().any(|one| one.as_str() == value))
        })
    }

    /// The value of an attribute or of a member of the facts.
    pub fn value(&self, name: &str) -> Option<&'a str> {
        let state = self.view.state;
        if let Some((of, name)) = name.split_once('.') {
            let organisation = |id| Some(&state.platform.organisation(id)?.attributes);
            let attributes = match of {
                "site" => &state.sites.get(self.site?)?.attributes,
                "organisation" => organisation(self.organisation)?,
                "provider" => organisation(self.provider())?,
                "column" => &state.columns.get(self.column()?)?.attributes,
                "account" => match self.event {
                    Event::Account(account::Event::Opened(opened)) => &opened.attributes,
                    Event::Account(_) => {
                        &state.accounts.get(AccountId(self.frame.stream.id))?.attributes
                    }
                    _ => &state.accounts.get(self.actor()?)?.attributes,
                },
                "actor" => &state.accounts.get(self.actor()?)?.attributes,
                _ => return None,
            };
            return attributes.get(name);
        }
        self.member(name).or_else(|| self.own(name))
    }

    /// An attribute stated when the thing began.
    fn own(&self, name: &str) -> Option<&'a str> {
        let (state, id) = (self.view.state, self.frame.stream.id);
        let attributes = match self.event {
            Event::Content(content::Event::Submitted(submitted)) => &submitted.attributes,
            Event::Content(_) => &self.content?.submission.as_ref()?.attributes,
            Event::Message(message::Event::Received(received)) => &received.attributes,
            Event::Message(_) => &state.messages.get(MessageId(id))?.attributes,
            Event::Incident(incident::Event::Detected(detected)) => &detected.attributes,
            Event::Incident(_) => &state.incidents.get(IncidentId(id))?.attributes,
            Event::Site(site::Event::Opened(opened)) => &opened.attributes,
            Event::Site(_) => &state.sites.get(SiteId(id))?.attributes,
            Event::Column(annals_events::column::Event::Opened(opened)) => &opened.attributes,
            Event::Column(_) => &state.columns.get(ColumnId(id))?.attributes,
            Event::Account(account::Event::Opened(opened)) => &opened.attributes,
            Event::Account(_) => &state.accounts.get(AccountId(id))?.attributes,
            Event::Platform(annals_events::platform::Event::OrganisationRegistered(registered)) => {
                &registered.attributes
            }
            Event::Platform(_) => &state.platform.organisation(OrganisationId(id))?.attributes,
            Event::Ledger(_) => return None,
        };
        attributes.get(name)
    }

    /// A member of the entry's own facts that rules may ask for.
    fn member(&self, name: &str) -> Option<&'a str> {
        let word = match (name, self.event) {
            ("reason", Event::Site(site::Event::TakenOffline(facts))) => &facts.reason,
            ("reason", Event::Site(site::Event::ShutDown(facts))) => &facts.reason,
            ("reason", Event::Site(site::Event::Closed(facts))) => &facts.reason,
            ("reason", Event::Account(account::Event::Cancelled(facts))) => &facts.reason,
            ("role", Event::Account(account::Event::RoleGranted(facts))) => &facts.role,
            ("role", Event::Account(account::Event::RoleRevoked(facts))) => &facts.role,
            ("role", Event::Account(account::Event::Applied(facts))) => &facts.role,
            ("role", Event::Account(account::Event::Opened(facts))) => {
                return Some(facts.duty.word());
            }
            ("duty", Event::Account(account::Event::Opened(facts))) => {
                return Some(facts.duty.word());
            }
            ("duty", Event::Account(_)) => {
                let account = AccountId(self.frame.stream.id);
                return Some(self.view.state.accounts.get(account)?.duty.word());
            }
            ("person", Event::Account(account::Event::Opened(facts))) => {
                return Some(if facts.person.is_some() { "named" } else { "missing" });
            }
            ("level", Event::Content(content::Event::ReviewPassed(facts))) => &facts.level,
            ("level", Event::Content(content::Event::Returned(facts))) => &facts.level,
            ("level", Event::Content(content::Event::Revised(facts))) => &facts.level,
            ("level", Event::Message(message::Event::ReplyPassed(facts))) => &facts.level,
            ("to", Event::Incident(incident::Event::Reported(facts))) => &facts.to,
            ("post", Event::Incident(incident::Event::ResponderArrived(facts))) => &facts.post,
            ("authority", Event::Incident(incident::Event::AuthorityTold(facts))) => {
                &facts.authority
            }
            ("ground", Event::Incident(incident::Event::ForceMajeureDeclared(facts))) => {
                &facts.ground
            }
            ("urgent", Event::Incident(incident::Event::ContentRemoved(facts))) => {
                return Some(if facts.urgent { "yes" } else { "no" });
            }
            ("evidence", event) => &event.evidence()?.kind,
            _ => return None,
        };
        Some(word.as_str())
    }
}
