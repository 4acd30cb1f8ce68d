//! Pipelines that render a fleet in parts.

use std::fmt::Write;

/// The system that runs the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// GitLab CI, by `parallel:`.
    Gitlab,
    /// GitHub Actions, by a matrix.
    Github,
    /// Argo Workflows, on a cluster.
    ArgoWorkflows,
}

/// The parameters of a pipeline.
#[derive(Debug, Clone)]
pub struct FleetPipeline<'p> {
    /// The path of the fleet's file in the repository.
    pub file: &'p str,
    /// The directory of the trees.
    pub directory: &'p str,
    /// How many machines there are.
    pub shards: usize,
    /// An image that has this program.
    pub image: &'p str,
}

impl FleetPipeline<'_> {
    /// The pipeline file for a system.
    pub fn text(&self, runner: Runner) -> String {
        match runner {
            Runner::Gitlab => self.gitlab(),
            Runner::Github => self.github(),
            Runner::ArgoWorkflows => self.argo(),
        }
    }

    fn gitlab(&self) -> String {
        let FleetPipeline { file, directory, shards, image } = self;
        // GitLab accepts `parallel` from 2 on, and sets no numbers without it.
        let (parallel, shard) = match shards {
            1 => (String::new(), "1/1".to_owned()),
            _ => (format!("  parallel: {shards}\n"), "$CI_NODE_INDEX/$CI_NODE_TOTAL".to_owned()),
        };
        format!(
            "# Written by `gitlab-render fleet ci -o gitlab`.\n\
             fleet-render:\n  image: {image}\n{parallel}  script:\n  - gitlab-render fleet render -f {file} -o {directory} --shard \"{shard}\"\n  \
             artifacts:\n    paths:\n    - {directory}/\n\
             fleet-diff:\n  image: {image}\n{parallel}  script:\n  - gitlab-render fleet diff -f {file} --against {directory} --shard \"{shard}\"\n  \
             allow_failure:\n    exit_codes: 1\n  rules:\n  - if: $CI_PIPELINE_SOURCE == \"merge_request_event\"\n"
        )
    }

    fn github(&self) -> String {
        let FleetPipeline { file, directory, shards, image } = self;
        let numbers: Vec<String> = (1..=*shards).map(|number| number.to_string()).collect();
        let numbers = numbers.join(", ");
        format!(
            "# Written by `gitlab-render fleet ci -o github`.\n\
             name: fleet\non: [push, pull_request]\njobs:\n  render:\n    runs-on: ubuntu-latest\n    container: {image}\n    strategy:\n      \
             fail-fast: false\n      matrix:\n        shard: [{numbers}]\n    steps:\n    - uses: actions/checkout@v4\n    \
             - run: gitlab-render fleet render -f {file} -o {directory} --shard ${{{{ matrix.shard }}}}/{shards}\n    \
             - uses: actions/upload-artifact@v4\n      with:\n        name: manifests-${{{{ matrix.shard }}}}\n        path: {directory}\n"
        )
    }

    fn argo(&self) -> String {
        let FleetPipeline { file, directory, shards, image } = self;
        let mut text = String::from("# Written by `gitlab-render fleet ci -o argo-workflows`.\n");
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata:\n  name: gitlab-fleet\nspec:\n  entrypoint: fleet\n  \
             arguments:\n    parameters:\n    - name: repository\n    - name: revision\n      value: main\n  templates:\n  \
             - name: fleet\n    steps:\n    - - name: render\n        template: render\n        arguments:\n          parameters:\n          \
             - name: shard\n            value: '{{{{item}}}}'\n        withSequence:\n          start: '1'\n          end: '{shards}'\n  \
             - name: render\n    inputs:\n      parameters:\n      - name: shard\n      artifacts:\n      - name: source\n        path: /source\n        git:\n          \
             repo: '{{{{workflow.parameters.repository}}}}'\n          revision: '{{{{workflow.parameters.revision}}}}'\n    container:\n      image: {image}\n      \
             command: [gitlab-render]\n      args: [fleet, render, -f, /source/{file}, -o, /tmp/{directory}, --shard, '{{{{inputs.parameters.shard}}}}/{shards}']\n    \
             outputs:\n      artifacts:\n      - name: manifests\n        path: /tmp/{directory}\n"
        );
        text
    }
}
