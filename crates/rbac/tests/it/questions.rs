//! Questions about small tenants.
