"""Prowler against an Azure on loopback: `prowler_collect.py BASE ARGUMENTS...`. Its endpoints are fixed, so they are replaced."""
import sys
from prowler.providers.azure.lib.regions import regions

base = sys.argv.pop(1)
regions.AZURE_GENERIC_CLOUD = regions.AZURE_GENERIC_GRAPH_HOST = regions.AZURE_GENERIC_LOGS_ENDPOINT = base
regions.AZURE_GENERIC_GRAPH_SCOPE = f"{base}/.default"
from prowler.__main__ import prowler

sys.exit(prowler())
