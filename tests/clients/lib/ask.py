#!/usr/bin/python3
"""Asks a server through boto3, as a program of a user would, and says what boto3 made of the answers.

Standard input is JSON: {"endpoint", "region", "session": {arguments of boto3.Session},
"asks": [{"service", "operation", "parameters", "how"}]}, and how one of call (if absent), pages, wait,
presign. Standard output is a list of as many answers: {"value"}, or {"code", "message", "status",
"retries"} for an error of the service, or {"error"} for one of boto3's own.
"""
import json
import sys

import boto3
import botocore.exceptions
from botocore.config import Config

# Four more attempts for whatever boto3 thinks is worth one.
CONFIG = Config(retries={'mode': 'standard', 'total_max_attempts': 5}, connect_timeout=10, read_timeout=30)


def answer(client, ask):
    operation, parameters, how = ask['operation'], ask.get('parameters', {}), ask.get('how', 'call')
    if how == 'pages':
        pages = client.get_paginator(operation).paginate(**parameters)
        return [{k: v for k, v in page.items() if k != 'ResponseMetadata'} for page in pages]
    if how == 'wait':
        return client.get_waiter(operation).wait(WaiterConfig={'Delay': 1, 'MaxAttempts': 3}, **parameters)
    if how == 'presign':
        return client.generate_presigned_url(operation, Params=parameters, HttpMethod='GET', ExpiresIn=ask.get('expires', 60))
    value = getattr(client, operation)(**parameters)
    value.pop('ResponseMetadata')
    return value


def judged(session, endpoint, ask):
    try:
        client = session.client(ask['service'], endpoint_url=endpoint, config=CONFIG)
        return {'value': answer(client, ask)}
    except botocore.exceptions.ClientError as error:
        about = error.response['ResponseMetadata']
        return {'code': error.response['Error']['Code'], 'message': error.response['Error']['Message'],
                'status': about['HTTPStatusCode'], 'retries': about.get('RetryAttempts')}
    except botocore.exceptions.BotoCoreError as error:
        return {'error': f'{type(error).__name__}: {error}'}


def main():
    given = json.load(sys.stdin)
    session = boto3.Session(region_name=given['region'], **given['session'])
    json.dump([judged(session, given['endpoint'], ask) for ask in given['asks']], sys.stdout, default=str)


if __name__ == '__main__':
    main()
