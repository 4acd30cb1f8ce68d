//! Accounts and their permissions.

use super::{Nginx, Part, set};
use crate::model::workload::ServiceAccount;
use crate::resolve::labels;
use crate::resolve::plan::Plan;
use crate::view;

impl Nginx<'_> {
    /// The ServiceAccounts of both parts, and the controller's roles.
    pub(super) fn plan_accounts(&self, plan: &mut Plan) {
        self.plan_account(Part::Controller, &self.set.service_account, plan);
        if self.set.default_backend.enabled {
            self.plan_account(Part::Backend, &self.set.default_backend.service_account, plan);
        }
        if !self.set.rbac.create {
            return;
        }
        let controller = &self.set.controller;
        let mut cluster_labels = self.labels();
        labels::put(&mut cluster_labels, &controller.labels);
        let scope = &controller.scope;
        let watched = set(&scope.namespace).filter(|_| scope.enabled);
        let view = view! {
            name: self.name, labels: cluster_labels, every_namespace: !scope.enabled, watched,
        };
        plan.add(super::TEMPLATES, "clusterrole.yaml", view);
        let role = self.object_labels(Part::Controller);
        let view = view! { name: self.name, labels: role, election_id: self.election_id() };
        self.add(plan, "role.yaml", view);
        let account = self.account_name(Part::Controller);
        let view = view! { name: self.name, labels: cluster_labels, account, account_namespace: self.namespace() };
        plan.add(super::TEMPLATES, "clusterrolebinding.yaml", view.clone());
        self.add(plan, "rolebinding.yaml", view.with("labels", role));
    }

    fn plan_account(&self, part: Part, account: &ServiceAccount, plan: &mut Plan) {
        if account.create.unwrap_or(true) {
            let view = view! {
                name: self.account_name(part), labels: self.object_labels(part),
                annotations: labels::text_map(&account.annotations),
                automount: account.automount_service_account_token.unwrap_or(true),
            };
            self.add(plan, "serviceaccount.yaml", view);
        }
    }
}
