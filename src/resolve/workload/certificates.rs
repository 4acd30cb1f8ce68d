//! The certificate authorities that containers trust, and the init container that collects them.

use serde_json::json;

use super::volumes::{memory_volume, mount, projected_volume, secret_items};
use super::{Container, Workload};
use crate::model::Node;
use crate::resolve::shared::{gitaly_clients, tls};

impl Workload<'_> {
    /// The init container that collects the certificate authorities.
    pub fn certificates(&self) -> Container {
        let image = &self.cx.global.certificates.image;
        let mut container = self.init_container("certificates", self.cx.image(image, self.cx.gitlab_version()));
        container.volume_mounts = vec![
            mount("etc-ssl-certs", "/etc/ssl/certs", json!({"readOnly": false})),
            mount("etc-pki-ca-trust-extracted-pem", "/etc/pki/ca-trust/extracted/pem", json!({"readOnly": false})),
        ];
        if self.authorities().is_some() {
            let at = "/usr/local/share/ca-certificates";
            container.volume_mounts.push(mount("custom-ca-certificates", at, json!({"readOnly": true})));
        }
        container
    }

    /// The volumes that [`Workload::certificates`] and [`Workload::container`] mount.
    pub fn certificate_volumes(&self) -> Vec<Node> {
        let mut volumes = vec![memory_volume("etc-ssl-certs"), memory_volume("etc-pki-ca-trust-extracted-pem")];
        let authorities = self.authorities();
        if let Some(authorities) = authorities {
            // 0440: the group of `fsGroup` may read.
            volumes.push(projected_volume("custom-ca-certificates", 0o440, authorities));
        }
        volumes
    }

    /// The additional trusted authorities: the user's, and that of a self-signed certificate. The certificates of
    /// Gitaly and Praefect are self-signed, so they are trusted themselves.
    fn authorities(&self) -> Option<Vec<Node>> {
        let given = self.cx.global.certificates.custom_cas.iter().filter_map(|authority| {
            let (kind, name) = match &authority.config_map {
                Some(name) => ("configMap", name),
                None => ("secret", authority.secret.as_ref()?),
            };
            let items = authority
                .keys
                .as_ref()
                .map(|keys| keys.iter().map(|key| json!({"key": key, "path": key})).collect::<Vec<_>>());
            Some(json!({kind: {"name": name, "items": items}}))
        });
        let own = tls::trusted(self.cx).then(|| secret_items(&format!("{}-ca", tls::wildcard(self.cx)), []));
        let internal = gitaly_clients::tls_authorities(self.cx)
            .into_iter()
            .map(|(secret, file)| secret_items(&secret, [("tls.crt", file.as_str())]));
        let all: Vec<Node> = given.chain(own).chain(internal).collect();
        (!all.is_empty() || !self.cx.global.certificates.custom_cas.is_empty()).then_some(all)
    }
}
