"""An independent client: runs boto3 calls and prints what came back, as JSON.

look.py ENDPOINT REGION CALLS, where CALLS is a JSON list of [service, operation, parameters].
A refused call gives {"refused": CODE}.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def main() -> None:
    endpoint, region, calls = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    config = Config(
        s3={"addressing_style": "path"},
        retries={"max_attempts": 0},
        connect_timeout=5,
        read_timeout=20,
        request_checksum_calculation="when_required",
    )
    clients = {}
    answers = []
    for service, operation, parameters in calls:
        if service not in clients:
            clients[service] = boto3.client(
                service,
                endpoint_url=endpoint,
                region_name=region,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=config,
            )
        try:
            answer = getattr(clients[service], operation)(**parameters)
            answer.pop("ResponseMetadata", None)
            if hasattr(answer.get("Body"), "read"):
                answer["Body"] = answer["Body"].read().decode()
        except ClientError as error:
            answer = {"refused": error.response["Error"]["Code"]}
        answers.append(answer)
    print(json.dumps(answers, default=str))


main()
