//! Values: origins, limits, and what the recorded dialect does not cover.
