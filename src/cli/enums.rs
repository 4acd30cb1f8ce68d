//! The spellings of the stages' enums on the command line.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::adopt::Tool;
use crate::diff::Class;
use crate::emit::Format;
use crate::manifest::Phase;
use crate::phases::Hooks;
use crate::schema::UnknownKeys;
use crate::upgrade::plan::With;

/// Gives an enum its command-line spellings, each with its help text.
macro_rules! spelt {
    ($type:ty { $($variant:ident = $name:literal: $help:literal,)+ }) => {
        impl ValueEnum for $type {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(<$type>::$variant),+]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(match self {
                    $(<$type>::$variant => PossibleValue::new($name).help($help),)+
                })
            }
        }
    };
}

spelt!(Format {
    Yaml = "yaml": "YAML documents",
    Json = "json": "One JSON `List`",
});

spelt!(Phase {
    Pre = "pre": "Before everything else: the upgrade check, and the Secrets that other objects mount",
    Main = "main": "The deployment",
    Post = "post": "After the deployment",
    Test = "test": "On demand",
});

spelt!(Hooks {
    Helm = "helm": "Helm's own annotations, as the official chart has them",
    ArgoCd = "argocd": "Argo CD's hooks and sync waves",
    Flux = "flux": "A directory for each phase, and Flux's Kustomizations over them; needs --output-dir",
    None = "none": "No annotations: phases are applied one after the other",
});

spelt!(Tool {
    Kubectl = "kubectl": "A person or a pipeline with kubectl",
    ArgoCd = "argocd": "Argo CD",
    Flux = "flux": "Flux",
});

spelt!(With {
    Kubectl = "kubectl": "A person or a pipeline with kubectl applies what is rendered here",
    Helm = "helm": "Helm upgrades the release of the official chart",
    ArgoCd = "argocd": "Argo CD applies what is rendered here, from a directory in git",
    Flux = "flux": "Flux does",
});

spelt!(UnknownKeys {
    Error = "error": "The run is refused",
    Warn = "warn": "The run continues without the key",
});

spelt!(Class {
    None = "none": "No effect on what runs",
    Restart = "restart": "Pods restart, a few at a time",
    Replace = "replace": "An object has to be deleted and created again",
    Data = "data": "Stored data or a Secret is affected",
    Exposure = "exposure": "More can be reached, or has more rights, than before",
    Outage = "outage": "Something is unavailable for a while, or for good",
});
