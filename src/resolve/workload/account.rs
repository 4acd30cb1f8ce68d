//! The ServiceAccount of the pods.

use super::Workload;
use crate::model::NonEmpty;
use crate::resolve::labels;
use crate::resolve::plan::Plan;
use crate::view;

impl Workload<'_> {
    /// The name of the ServiceAccount that the pods use, where they use one.
    pub fn service_account_name(&self) -> Option<String> {
        let own = &self.set.service_account;
        let global = &self.cx.global.service_account;
        if !own.enabled.unwrap_or(false) && !global.enabled.unwrap_or(false) {
            return None;
        }
        let name = own.name.non_empty().or_else(|| global.name.non_empty());
        Some(name.unwrap_or(&self.name).to_owned())
    }

    /// Whether the ServiceAccount of the pods is created here.
    pub fn makes_service_account(&self) -> bool {
        let own = &self.set.service_account;
        let global = &self.cx.global.service_account;
        let create = own.create.unwrap_or(false) || global.create.unwrap_or(false);
        let named = global.name.non_empty().is_some() && own.name.non_empty().is_none();
        create && !named && self.service_account_name().is_some()
    }

    /// Plans the ServiceAccount, where it is created here.
    pub fn plan_service_account(&self, component: &'static str, plan: &mut Plan) {
        let own = &self.set.service_account;
        let global = &self.cx.global.service_account;
        let Some(name) = self.service_account_name().filter(|_| self.makes_service_account()) else { return };
        let mut annotations = labels::text_map(&global.annotations);
        labels::put(&mut annotations, &own.annotations);
        let view = view! { name, labels: self.labels.object, annotations };
        plan.add(component, "serviceaccount.yaml", view);
    }

    /// `false` where the component's own settings disable the token, otherwise null: for pods that in the official
    /// chart leave it to the account.
    pub fn token_refused(&self) -> Option<bool> {
        self.set.service_account.automount_service_account_token.filter(|mounted| !mounted)
    }

    pub(super) fn automount(&self) -> bool {
        let own = &self.set.service_account;
        let global = &self.cx.global.service_account;
        own.automount_service_account_token.or(global.automount_service_account_token).unwrap_or(false)
    }
}
