//! Files that have to be decrypted first.

use crate::diag::{Diagnostic, Location};

/// Tools that encrypt files.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cipher {
    Sops,
    Age,
    AnsibleVault,
    GitCrypt,
}

impl Cipher {
    /// The finding about a file of this tool.
    pub(super) fn finding(self, name: &str, at: Option<Location>) -> Diagnostic {
        let (tool, command) = match self {
            Cipher::Sops => ("SOPS", format!("sops -d {name}")),
            Cipher::Age => ("age", format!("age -d -i KEY {name}")),
            Cipher::AnsibleVault => ("Ansible Vault", format!("ansible-vault view {name}")),
            Cipher::GitCrypt => ("git-crypt", String::new()),
        };
        let hint = match self {
            Cipher::GitCrypt => "run `git-crypt unlock` in the repository first".to_owned(),
            _ => format!(
                "`--values-from '{command}'` runs that command and reads what it prints; or pipe its output: `{command} | gitlab-render ... -f -`"
            ),
        };
        let finding = Diagnostic::error("encrypted", format!("`{name}` is encrypted by {tool}")).hint(hint);
        match at {
            Some(at) => finding.at(at),
            None => finding,
        }
    }
}

/// The tool that encrypted a whole file.
pub(super) fn whole(bytes: &[u8]) -> Option<Cipher> {
    let marks: [(&[u8], Cipher); 4] = [
        (b"age-encryption.org/", Cipher::Age),
        (b"-----BEGIN AGE ENCRYPTED FILE-----", Cipher::Age),
        (b"$ANSIBLE_VAULT;", Cipher::AnsibleVault),
        (b"\0GITCRYPT", Cipher::GitCrypt),
    ];
    marks.into_iter().find(|(mark, _)| bytes.starts_with(mark)).map(|(_, tool)| tool)
}
