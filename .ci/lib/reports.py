"""The Python half of `.ci/validate`: prints one problem a line, and what is only worth knowing after `info: `."""

import collections
import itertools
import json
import os
import subprocess
import sys
import tempfile

# More lines than a person reads; counting on would only cost time on a large broken file.
ENOUGH = 1000


def one_line(text):
    """Keeps the promise of one problem a line."""
    return " ".join(str(text).split())[:300]


def multitool(package, path):
    """Runs the SARIF multitool and reads its own SARIF, because it exits with 0 whatever it finds."""
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "out.sarif")
        command = [os.path.join(package, "Sarif.Multitool"), "validate", path, "--output", out]
        # The second kind holds what GitHub code scanning asks of an upload.
        command += ["--rule-kind", "Sarif;Ghas"]
        # Files over 10 MB are otherwise skipped.
        command += ["--max-file-size-in-kb", "4000000"]
        # .NET wants the ICU libraries only for the words of other languages.
        env = dict(os.environ, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1", DOTNET_BUNDLE_EXTRACT_BASE_DIR=scratch)
        ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if ran.returncode != 0 or not os.path.exists(out):
            sys.exit(one_line(f"exit {ran.returncode}: {ran.stdout} {ran.stderr}"))
        with open(out, encoding="utf-8-sig") as file:
            (run,) = json.load(file)["runs"]

    for invocation in run.get("invocations", []):
        notes = invocation.get("toolExecutionNotifications", []) + invocation.get("toolConfigurationNotifications", [])
        for note in notes:
            if note.get("level") == "error" or "Skipped" in json.dumps(note.get("descriptor", "")):
                print(one_line(f"the multitool did not look: {note['message']}"))
        if not invocation.get("executionSuccessful"):
            print("the multitool did not finish")

    rules = run["tool"]["driver"].get("rules", [])
    others = collections.Counter()
    for result in run.get("results", []):
        rule = rules[result["ruleIndex"]] if "ruleIndex" in result else {}
        level = result.get("level") or rule.get("defaultConfiguration", {}).get("level", "warning")
        if level == "error":
            print(one_line(f"{result['ruleId']} at {place(result)}: {said(result, rule)}"))
        else:
            others[level, result["ruleId"]] += 1
    for (level, rule_id), count in sorted(others.items()):
        print(f"info: {level} {rule_id} x{count}")


def place(result):
    """Line and column of the first location, as far as they are given."""
    for location in result.get("locations", []):
        region = location.get("physicalLocation", {}).get("region", {})
        return f"{region.get('startLine', '?')}:{region.get('startColumn', '?')}"
    return "?"


def said(result, rule):
    """The message, with its arguments put into the rule's template."""
    message = result["message"]
    text = message.get("text") or rule.get("messageStrings", {}).get(message.get("id"), {}).get("text", "")
    for index, argument in enumerate(message.get("arguments", [])):
        text = text.replace(f"{{{index}}}", argument)
    return text


def schema(schema_path, path):
    """Validates a JSON document against a schema file; nothing is fetched, so the schema must stand alone."""
    import jsonschema

    with open(schema_path, encoding="utf-8-sig") as file:
        rules = json.load(file)
    with open(path, encoding="utf-8") as file:
        try:
            document = json.load(file)
        except ValueError as error:
            print(one_line(f"not JSON: {error}"))
            return
    validator = jsonschema.validators.validator_for(rules, default=jsonschema.Draft202012Validator)
    try:
        validator.check_schema(rules)
    except jsonschema.SchemaError as error:
        print(one_line(f"the schema itself is wrong at {error.json_path}: {error.message}"))
        return
    for error in itertools.islice(validator(rules).iter_errors(document), ENOUGH):
        print(one_line(f"{error.json_path}: {error.message}"))


def junit(path):
    """Parses with junitparser and compares what each suite says about itself with what it holds."""
    import junitparser
    from xml.etree.ElementTree import ParseError

    try:
        document = junitparser.JUnitXml.fromfile(path)
    except (ParseError, junitparser.JUnitXmlError) as error:
        print(one_line(f"does not parse: {error}"))
        return
    # A file may also hold one bare <testsuite>.
    suites = [document] if isinstance(document, junitparser.TestSuite) else list(document)
    total = sum((tally(suite) for suite in suites), collections.Counter())
    if not isinstance(document, junitparser.TestSuite):
        compare("testsuites", document, total, required=())
    print("info: " + ", ".join(f"{total[key]} {key}" for key in ("tests", "failures", "errors", "skipped")))


def tally(suite):
    """Counts the cases of a suite and those within it, checking each level on the way."""
    import junitparser

    counts = collections.Counter()
    for case in suite:
        if isinstance(case, junitparser.TestSuite):
            continue
        counts["tests"] += 1
        if not case.name or not case.classname:
            print(one_line(f"suite {suite.name}: a test case without a name or a class name: {case.name}"))
        kinds = {type(result) for result in case.result}
        counts["failures"] += junitparser.Failure in kinds
        counts["errors"] += junitparser.Error in kinds
        counts["skipped"] += junitparser.Skipped in kinds
    for inner in suite.testsuites():
        counts += tally(inner)
    compare(f"suite {suite.name}", suite, counts, required=("tests", "failures"))
    return counts


def compare(name, element, counts, required):
    """Says where the declared numbers and the counted ones differ."""
    for key in ("tests", "failures", "errors", "skipped"):
        declared = getattr(element, key)
        if declared is None:
            if key in required:
                print(one_line(f"{name}: no `{key}` attribute"))
        elif declared != counts[key]:
            print(one_line(f"{name}: says {declared} {key}, holds {counts[key]}"))


if __name__ == "__main__":
    {"multitool": multitool, "schema": schema, "junit": junit}[sys.argv[1]](*sys.argv[2:])
