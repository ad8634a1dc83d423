//! Invented tenants for the tests of this crate.

use crate::Report;
use dekey_intake::Keep;
use dekey_model::{
    Builder, CoverageEntry, Inventory, Kind, Note, NoteKind, Outcome, ResourceIx, RuleIx, Severity,
};
use dekey_rules::{Audit, RuleError, Settings};
use dekey_testkit::cases::AS_OF;
use dekey_testkit::ids;
use serde_json::{Value, json};

pub(crate) const IDENTITY: &str = "workspace-without-system-assigned-identity";
pub(crate) const SHARED_KEY: &str = "storage-shared-key-access";

/// Names that want to be something else.
pub(crate) const HOSTILE: &[&str] = &[
    "<script>alert(1)<",
    "=cmd|' -C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(1)",
    "a|b`c``d",
    "\\|x|y\\",
    "two\nlines\r\n=3",
    "\n::error file=x::pwned",
    "##[error]pwned",
    "x##vso[task.setvariable variable=a]b",
    "%0A%25",
    "\u{1b}[31mred\u{1b}[0m\u{7}\u{0}",
    "\u{202e}txt.exe\u{202c}\u{200f}",
    "]]>&amp;\"'",
    "[x](javascript:alert(1))",
    "@octocat #1 https:evil.example www.evil.example",
    "x;=cmd()\t=1",
    "\u{ff1d}full",
    "{0} {{1}} ${{ secrets.x }}",
    "👩‍💻 größe 東京",
    "\u{fffe}\u{9b}31m",
    "\u{2028}\u{e0041}",
];

/// An audited tenant.
pub(crate) struct Sample {
    pub(crate) inventory: Inventory,
    pub(crate) settings: Settings,
    pub(crate) audit: Audit,
}

impl Sample {
    /// Audits documents (name and items with short ids) under settings, with the two rules above only.
    pub(crate) fn new(documents: &[(&str, Vec<Value>)], toml: &str, more: impl FnOnce(&mut Builder)) -> Self {
        let mut builder = Builder::new();
        for (name, items) in documents {
            let items: Vec<Value> = items.iter().cloned().map(ids::expand_all).collect();
            let text = serde_json::to_string_pretty(&items).unwrap();
            dekey_intake::read_into(&mut builder, name, &mut text.as_bytes(), Keep::Facts).unwrap();
        }
        more(&mut builder);
        let inventory = builder.finish();
        let mut settings = Settings::parse(toml, AS_OF).unwrap();
        settings.disabled_rules = dekey_rules::all()
            .map(|r| r.id)
            .filter(|id| ![IDENTITY, SHARED_KEY].contains(id))
            .map(str::to_owned)
            .collect();
        let audit = dekey_rules::audit(&inventory, &settings, AS_OF);
        Self { inventory, settings, audit }
    }

    /// Nothing was read.
    pub(crate) fn empty() -> Self {
        Self::new(&[], "", |_| {})
    }

    /// Everything is as it should be.
    pub(crate) fn clean() -> Self {
        let items = vec![
            json!({ "id": "ws/mlw-good", "type": "Microsoft.MachineLearningServices/workspaces", "identity": { "type": "SystemAssigned" }, "properties": { "storageAccount": "st/stgood" } }),
            json!({ "id": "st/stgood", "type": "Microsoft.Storage/storageAccounts", "properties": { "allowSharedKeyAccess": false } }),
        ];
        Self::new(&[("good.json", items)], "", |_| {})
    }

    /// Nothing could be judged.
    pub(crate) fn unknown() -> Self {
        let items = vec![
            json!({ "id": "ws/mlw-dark", "type": "Microsoft.MachineLearningServices/workspaces", "properties": { "storageAccount": "st/stdark" } }),
        ];
        let mut sample = Self::new(&[("dark.json", items)], "", |_| {});
        // The identity is part of the envelope, so it counts as absent; only the account is unknown here.
        sample.settings.disabled_rules.push(IDENTITY.to_owned());
        sample.audit = dekey_rules::audit(&sample.inventory, &sample.settings, AS_OF);
        assert!(sample.audit.findings.is_empty() && !sample.audit.not_judged.is_empty());
        sample
    }

    /// Every outcome, and a workspace for each hostile name with the name also in its tags.
    pub(crate) fn hostile() -> Self {
        let mut items = Vec::new();
        for (ix, name) in HOSTILE.iter().enumerate() {
            items.push(json!({
                "id": format!("ws/{}", name.replace('/', "_")),
                "type": "Microsoft.MachineLearningServices/workspaces",
                "tags": { "owner": name, "cost-center": name },
                "properties": { "storageAccount": format!("st/st{ix}") },
            }));
            if ix % 2 == 0 {
                items.push(json!({ "id": format!("st/st{ix}"), "type": "Microsoft.Storage/storageAccounts", "properties": {} }));
            }
        }
        items.push(json!({ "id": format!("ws/{}", "long".repeat(3000)), "type": "Microsoft.MachineLearningServices/workspaces", "identity": { "type": "None" }, "properties": {} }));
        let waiver = |resource: &str, expires: &str, why: &str| {
            format!(
                "[[waivers]]\nrule = \"{SHARED_KEY}\"\nresource = \"{resource}\"\njustification = {why:?}\napprover = \"ana|<b>\"\nexpires = \"{expires}\"\n"
            )
        };
        let toml = waiver("*/st2", "2026-12-24", "moves in December | `x` <b> =1")
            + &waiver("*/st4", "2026-11-01", "was short");
        let sources = [("exports/tenant one.json", items), ("-", Sample::plain())];
        let mut sample = Self::new(&sources, &toml, |builder| {
            let source = HOSTILE.concat();
            for (kind, line) in
                [(NoteKind::Malformed, 3), (NoteKind::NotUnderstood, 0), (NoteKind::Remark, 1)]
            {
                let reason = format!("expected `}}`, found {}", HOSTILE.join(" "));
                builder.note(Note { source: source.clone(), line, column: line, kind, reason });
            }
            for (kind, outcome) in [
                (Kind::Connection, Outcome::InPart),
                (Kind::Compute, Outcome::Refused(HOSTILE.join(" "))),
                (Kind::Vault, Outcome::NotAsked),
                (Kind::Datastore, Outcome::Read),
            ] {
                builder.covers(CoverageEntry { kind, scope: "/".to_owned(), outcome });
            }
        });
        // What neither of the two rules does by itself.
        for finding in sample.audit.findings.iter_mut().take(2) {
            finding.part = Some(HOSTILE.concat().into());
            finding.context = Some(HOSTILE.join(" ").into());
            finding.severity = Severity::Low;
        }
        sample.audit.errors.push(RuleError { rule: RuleIx(1), resource: ResourceIx(3) });
        sample
    }

    /// Every outcome, and the same read in another order.
    pub(crate) fn twice() -> [Self; 2] {
        let mut items = Vec::new();
        for ix in 0..20 {
            items.push(json!({ "id": format!("ws/Mlw-{ix}"), "type": "Microsoft.MachineLearningServices/workspaces", "properties": { "storageAccount": format!("st/st{ix}") } }));
            if ix % 3 != 0 {
                items.push(json!({ "id": format!("st/st{ix}"), "type": "Microsoft.Storage/storageAccounts", "properties": {} }));
            }
        }
        let toml = format!(
            "[[waivers]]\nrule = \"{SHARED_KEY}\"\nresource = \"*/st1*\"\njustification = \"x\"\napprover = \"y\"\nexpires = \"2026-12-24\"\n"
        );
        let forth = Self::new(&[("x", items.clone())], &toml, |_| {});
        items.reverse();
        [forth, Self::new(&[("x", items)], &toml, |_| {})]
    }

    fn plain() -> Vec<Value> {
        vec![
            json!({ "id": "ws/mlw-plain", "type": "Microsoft.MachineLearningServices/workspaces", "identity": { "type": "SystemAssigned" }, "properties": { "storageAccount": "st/stplain" } }),
            json!({ "id": "st/stplain", "type": "Microsoft.Storage/storageAccounts", "properties": { "allowSharedKeyAccess": false } }),
        ]
    }

    pub(crate) fn report(&self) -> Report<'_> {
        Report::new(&self.inventory, &self.audit, &self.settings, "0.1.0", None)
    }

    pub(crate) fn all() -> [Self; 4] {
        [Self::empty(), Self::clean(), Self::unknown(), Self::hostile()]
    }
}

type Render = fn(&Report, &mut dyn std::io::Write) -> std::io::Result<()>;

/// What a format makes of a report; checks that it does so twice, and that printing it in a build is harmless.
pub(crate) fn rendered(report: &Report, render: Render) -> String {
    let (mut one, mut two) = (Vec::new(), Vec::new());
    render(report, &mut one).unwrap();
    render(report, &mut two).unwrap();
    assert_eq!(one, two);
    let text = String::from_utf8(one).unwrap();
    assert!(!crate::clean::holds_command(&text), "a build agent would run this");
    text
}
