//! Codes of findings on which other code decides; all other codes appear only where their finding is made.

/// Findings about the name of a key; in all others it is the value that is wrong.
pub const ABOUT_NAMES: [&str; 7] =
    [UNKNOWN_KEY, "unread-key", "moved", "removed", "removed-next", "no-effect", "as-default"];
/// Findings about a key that nothing reads, so that nothing below it has an effect either.
pub const NOT_READ: [&str; 4] = [UNKNOWN_KEY, "unread-key", "moved", "removed"];
/// Monitors that are not written because the cluster does not know the kind.
pub const NO_MONITORS: &str = "no-monitors";
/// Keys of one map that exclude each other.
pub const CONTRADICTION: &str = "contradiction";
/// A key that occurs twice in one map.
pub const DUPLICATE_KEY: &str = "duplicate-key";
/// Two routes that match the same requests.
pub const DUPLICATE_ROUTE: &str = "duplicate-route";
/// A release of GitLab that is known and not rendered.
pub const GITLAB_VERSION: &str = "gitlab-version";
/// A key that has to be there.
pub const MISSING_KEY: &str = "missing-key";
/// A values file, or a section of it, is not a map.
pub const NOT_A_MAP: &str = "not-a-map";
/// A chart of others that is needed and not rendered.
pub const THIRD_PARTY: &str = "third-party";
/// A field that Kubernetes does not have.
pub const UNKNOWN_FIELD: &str = "unknown-field";
/// A profile that does not exist.
pub const UNKNOWN_PROFILE: &str = "unknown-profile";
/// A version that cannot be read, or is not known.
pub const VERSION: &str = "version";
/// A values key that nothing reads.
pub const UNKNOWN_KEY: &str = "unknown-key";
/// A value of another type than its key or field takes.
pub const WRONG_TYPE: &str = "wrong-type";
