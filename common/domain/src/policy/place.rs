//! Where credentials lie: the files and folders of clouds, git hosts, registries and other services.
//!
//! Owns: the names. Must never be shorter than the policy's text.

