"""Judges rendered documents with cfn-lint and parliament.

judge.py FOLDER: CloudFormation templates are *.template.json, documents are
*.json. Prints what was found; exits 1 if there is anything.
"""
import json
import pathlib
import subprocess
import sys
import warnings

warnings.filterwarnings("ignore")
import parliament  # noqa: E402

ROLE = "arn:aws:iam::111122223333:role/x"
folder = pathlib.Path(sys.argv[1])
templates = sorted(str(path) for path in folder.glob("*.template.json"))
documents = sorted(set(folder.glob("*.json")) - set(folder.glob("*.template.json")))
assert len(templates) >= 12 and len(documents) >= 12, (templates, documents)

lint = subprocess.run(
    [pathlib.Path(sys.executable).parent / "cfn-lint", *templates],
    capture_output=True, text=True, check=False,
)
found = [lint.stdout] if lint.returncode else []

for path in documents:
    for line in path.read_text().splitlines():
        document = json.loads(line)
        if "Statement" not in document:
            continue
        # parliament has no trust policies: it asks for a resource, which IAM refuses
        # in them, so it gets the role.
        trust = "Principal" in document["Statement"][0]
        for statement in document["Statement"]:
            if trust:
                assert "Resource" not in statement
                statement["Resource"] = ROLE
        policy = parliament.analyze_policy_string(json.dumps(document), ignore_private_auditors=True)
        for finding in policy.findings:
            # It knows neither EKS's providers nor the claims of their tokens.
            if not (trust and "oidc.eks." in str(finding.detail)):
                found.append(f"{path.name}: {finding.issue} {finding.detail}")

print("\n".join(found))
sys.exit(bool(found))
