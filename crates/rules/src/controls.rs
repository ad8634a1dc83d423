//! Framework controls for which findings are relevant evidence. A finding never proves compliance.
//!
//! Framework versions move their numbers, so each mapping names the version, and where the mapping comes from: Azure Policy's
//! own regulatory initiatives, Prowler's published mappings, or our own judgement, which stays marked as such in every output.

/// Where a mapping comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A regulatory compliance initiative of Azure Policy.
    AzurePolicy,
    /// Prowler's compliance files.
    Prowler,
    /// Our own judgement: no published mapping was found.
    OwnJudgement,
}

impl Source {
    /// In words, as printed beside the control.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::AzurePolicy => "Azure Policy initiative",
            Source::Prowler => "Prowler",
            Source::OwnJudgement => "own judgement",
        }
    }
}

/// One control of one version of a framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// The framework with its version.
    pub framework: &'static str,
    /// The control, as the framework numbers it.
    pub id: &'static str,
    /// Where the mapping comes from.
    pub source: Source,
}

const MCSB1: &str = "Microsoft cloud security benchmark v1";
const MCSB2: &str = "Microsoft cloud security benchmark v2 (preview)";
const CIS4: &str = "CIS Microsoft Azure Foundations 4.0";
const CIS5: &str = "CIS Microsoft Azure Foundations 5.0";
const CIS6: &str = "CIS Microsoft Azure Foundations 6.0";
const PCI: &str = "PCI DSS 4.0.1";
const SOC2: &str = "SOC 2 Trust Services Criteria 2017 (2022 points of focus)";
const NIST: &str = "NIST SP 800-53 Rev. 5";
const ISO: &str = "ISO/IEC 27001:2022 Annex A";
const CISC: &str = "CIS Controls 8.1";

macro_rules! controls {
    ($($(#[$doc:meta])* $name:ident: $($framework:ident $id:literal $source:ident,)*;)*) => {
        $($(#[$doc])* pub const $name: &[Control] =
            &[$(Control { framework: $framework, id: $id, source: Source::$source },)*];)*
    };
}

controls! {
    /// A workspace, compute or endpoint acts as a managed identity.
    IDENTITY:
        MCSB1 "IM-3" OwnJudgement, MCSB2 "IM-3" AzurePolicy, PCI "7.2.5" OwnJudgement, SOC2 "CC6.1" OwnJudgement,
        NIST "IA-9" OwnJudgement, NIST "AC-2" OwnJudgement, ISO "A.5.16" OwnJudgement, ISO "A.8.5" OwnJudgement,;
    /// System datastores authenticate by identity.
    SYSTEM_DATASTORES:
        MCSB1 "IM-1" OwnJudgement, MCSB2 "IM-1" OwnJudgement, PCI "7.2.5" OwnJudgement, SOC2 "CC6.1" OwnJudgement,
        NIST "IA-2" OwnJudgement, NIST "AC-2" OwnJudgement, ISO "A.5.17" OwnJudgement, ISO "A.8.5" OwnJudgement,;
    /// Storage accounts do not accept their keys.
    SHARED_KEY:
        MCSB1 "IM-1" AzurePolicy, MCSB2 "IM-1" AzurePolicy, CIS4 "10.3.1.3" Prowler, CIS5 "9.3.1.3" Prowler, CIS6 "9.3.1.3" Prowler,
        PCI "7.2.1" AzurePolicy, SOC2 "CC6.1" AzurePolicy, NIST "AC-2" AzurePolicy, NIST "IA-2" AzurePolicy,
        CISC "3.3" Prowler,;
    /// Storage requests default to Microsoft Entra.
    DEFAULT_TO_ENTRA:
        MCSB1 "IM-1" OwnJudgement, CIS4 "10.3.3.1" Prowler, CIS5 "9.3.3.1" Prowler, CIS6 "9.3.3.1" Prowler, SOC2 "CC6.1" OwnJudgement,;
    /// Static credentials are not stored where data or services are used.
    STORED_CREDENTIALS:
        MCSB1 "IM-8" OwnJudgement, MCSB2 "IM-8" OwnJudgement, PCI "8.6.2" OwnJudgement, SOC2 "CC6.1" OwnJudgement,
        NIST "IA-5(7)" OwnJudgement, ISO "A.5.17" OwnJudgement, ISO "A.8.24" OwnJudgement,;
    /// The container registry has no shared admin account.
    REGISTRY_ADMIN:
        MCSB2 "IM-1" AzurePolicy, PCI "8.2.2" OwnJudgement, SOC2 "CC6.1" OwnJudgement, NIST "AC-2" OwnJudgement,
        NIST "IA-2" OwnJudgement, ISO "A.5.16" OwnJudgement, CISC "4.7" Prowler,;
    /// The container registry has no passwords but those that are needed.
    REGISTRY_TOKENS:
        MCSB1 "IM-1" OwnJudgement, MCSB2 "IM-1" OwnJudgement, PCI "8.6.3" OwnJudgement, SOC2 "CC6.1" OwnJudgement,
        NIST "IA-5" OwnJudgement, ISO "A.5.17" OwnJudgement,;
    /// Identities reach the images they need, and nobody else does.
    REGISTRY_PERMISSIONS:
        MCSB1 "PA-7" OwnJudgement, MCSB2 "PA-7" OwnJudgement, PCI "7.2.5" OwnJudgement, SOC2 "CC6.3" OwnJudgement,
        NIST "AC-6" OwnJudgement, ISO "A.5.15" OwnJudgement,;
    /// Signatures that were handed out run out.
    SAS_EXPIRY:
        MCSB1 "DP-6" OwnJudgement, MCSB2 "DP-6" OwnJudgement, PCI "8.6.3" OwnJudgement, SOC2 "CC6.1" OwnJudgement,
        NIST "IA-5" OwnJudgement, ISO "A.8.24" OwnJudgement,;
    /// Key vaults grant by role.
    VAULT_ACCESS:
        MCSB1 "PA-7" AzurePolicy, MCSB2 "PA-7" AzurePolicy, CIS4 "9.3.6" Prowler, CIS5 "8.3.6" Prowler, CIS6 "8.3.6" Prowler,
        PCI "7.2.4" AzurePolicy, SOC2 "CC6.3" AzurePolicy, NIST "AC-3(7)" AzurePolicy, ISO "A.5.15" AzurePolicy,;
    /// Identities hold the least privilege.
    LEAST_PRIVILEGE:
        MCSB1 "PA-7" AzurePolicy, MCSB2 "PA-7" AzurePolicy, PCI "7.2.5" OwnJudgement, SOC2 "CC6.3" AzurePolicy,
        NIST "AC-6" OwnJudgement, ISO "A.5.15" OwnJudgement, ISO "A.8.2" OwnJudgement, CISC "6.8" Prowler,;
    /// Services accept no local (key) authentication.
    LOCAL_AUTH:
        MCSB1 "IM-1" AzurePolicy, MCSB2 "IM-1" AzurePolicy, PCI "7.2.1" AzurePolicy, SOC2 "CC6.1" AzurePolicy,
        NIST "AC-2" AzurePolicy, ISO "A.5.18" AzurePolicy, CISC "4.7" AzurePolicy,;
    /// Endpoints and telemetry accept no keys. No initiative and no Prowler check covers them.
    SERVICE_KEYS:
        MCSB1 "IM-1" OwnJudgement, MCSB2 "IM-1" OwnJudgement, PCI "7.2.1" OwnJudgement, SOC2 "CC6.1" OwnJudgement,
        NIST "AC-2" OwnJudgement, ISO "A.5.17" OwnJudgement, ISO "A.8.5" OwnJudgement,;
    /// Resource logs are kept.
    LOGGING:
        MCSB1 "LT-3" AzurePolicy, MCSB2 "LT-3" AzurePolicy, PCI "10.2.1.2" AzurePolicy, SOC2 "CC7.2" AzurePolicy,
        NIST "AU-2" AzurePolicy, NIST "AU-12" AzurePolicy, ISO "A.8.15" AzurePolicy,;
    /// Every asset has an owner.
    OWNERSHIP:
        MCSB1 "AM-1" OwnJudgement, MCSB2 "AM-1" OwnJudgement, PCI "12.5.1" OwnJudgement, SOC2 "CC6.1" OwnJudgement,
        NIST "CM-8" OwnJudgement, ISO "A.5.9" OwnJudgement, CISC "1.1" OwnJudgement,;
    /// Keys and secrets have an age limit.
    KEY_AGE:
        MCSB1 "DP-6" AzurePolicy, MCSB2 "DP-6" AzurePolicy, CIS4 "10.3.1.2" Prowler, CIS5 "9.3.1.2" Prowler, CIS6 "9.3.1.2" Prowler,
        PCI "8.6.3" OwnJudgement, SOC2 "CC6.1" AzurePolicy, NIST "IA-5" AzurePolicy, ISO "A.8.24" AzurePolicy,;
    /// The standard is enforced, not only written down.
    ENFORCEMENT:
        SOC2 "CC8.1" OwnJudgement, SOC2 "CC7.1" OwnJudgement, NIST "CM-6" OwnJudgement, NIST "CM-3" OwnJudgement,
        ISO "A.8.9" OwnJudgement, CISC "4.1" OwnJudgement,;
}
