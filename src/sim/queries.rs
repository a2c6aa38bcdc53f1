//! Device-list queries: what the asking user's server knows itself, and what other servers say of their users.
//! It does not know who needs which list.

use std::collections::BTreeMap;

use crate::client::Client;
use crate::engine::choices::Choices;
use crate::ids::{QueryId, ServerId, UserId};
use crate::protocol::api::{Response, UserKeys};
use crate::sim::gather::Question;
use crate::sim::network::Ticket;
use crate::sim::world::World;

impl<C: Client, K: Choices> World<C, K> {
    /// A query arrives at the asking user's server.
    pub(super) fn serve_query(&mut self, ticket: Ticket, asked: Vec<(UserId, QueryId)>) {
        let own = self.server_of(ticket.device);
        let mut local = Vec::new();
        let mut remote: BTreeMap<ServerId, Vec<(UserId, QueryId)>> = BTreeMap::new();
        for entry in asked {
            let server = self.residents.server(entry.0);
            if server == own {
                local.push(entry);
            } else {
                remote.entry(server).or_default().push(entry);
            }
        }
        let users = self.look_up(own, &local);
        let stale = self.faults.stale_answers(own).filter(|_| !local.is_empty());
        let cause = stale.and_then(|fault| self.faults.cause(fault)).or(ticket.cause);
        let response = Ok(Response::QueryKeys { users, failed: Vec::new() });
        let ask = |(server, asked)| (server, Question::Query(asked));
        self.gather(ticket, response, cause, remote.into_iter().map(ask).collect());
    }

    /// What a server says of its users: what it has now, or what it had once if it is out of date.
    pub(super) fn look_up(&self, id: ServerId, asked: &[(UserId, QueryId)]) -> Vec<UserKeys> {
        let stale = self.faults.stale_answers(id);
        let old = stale.and_then(|fault| self.under_way.copies.lists(fault));
        let server = &self.servers[id.index()];
        let mut answers: Vec<UserKeys> =
            asked.iter().map(|(user, query)| server.answer_query(*user, *query, old)).collect();
        if let Some(fault) = stale {
            let cause = crate::protocol::provenance::Provenance(self.faults.cause(fault));
            answers.iter_mut().for_each(|answer| answer.cause = cause);
        }
        answers
    }

    /// Adds to an answer what only the asking user's server knows.
    pub(super) fn add_own_signatures(&self, ticket: Ticket, users: &mut [UserKeys]) {
        let asking = self.residents.user(ticket.device);
        let server = &self.servers[self.server_of(ticket.device).index()];
        for answer in users.iter_mut().filter(|answer| answer.user != asking) {
            server.add_own_signature(asking, answer);
        }
    }
}
