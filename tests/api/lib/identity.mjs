// A server that verifies signatures, and clients of IAM, STS and tables for whoever has a key.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { startServer } from './server.mjs';

const require = createRequire(import.meta.url);
const { IAM } = require('@aws-sdk/client-iam');
const { STS } = require('@aws-sdk/client-sts');
const { DynamoDB } = require('@aws-sdk/client-dynamodb');

export const ROOT = { accessKeyId: 'AKIDTEST', secretAccessKey: 'a secret of the tests' };
export const ACCOUNT = '000000000000';
export const arn = (rest) => `arn:aws:iam::${ACCOUNT}:${rest}`;

const clients = [];
const client = (Kind, endpoint, credentials, more) => {
  clients.push(new Kind({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1, ...more }));
  return clients.at(-1);
};

// { endpoint, iam(credentials), sts(credentials), db(credentials), stop() }
export async function identityServer(args = ['--in-memory'], more = {}) {
  const server = await startServer([...args, '--auth'], { ...more, env: { ...(more.env ?? process.env),
    STATOR_ROOT_ACCESS_KEY_ID: ROOT.accessKeyId, STATOR_ROOT_SECRET_ACCESS_KEY: ROOT.secretAccessKey } });
  const of = (Kind) => (credentials = ROOT, options = {}) => client(Kind, server.endpoint, credentials, options);
  return { ...server, iam: of(IAM), sts: of(STS), db: of(DynamoDB), stop: async () => {
    for (const each of clients.splice(0)) each.destroy();
    return server.stop();
  } };
}

export const policy = (...Statement) => JSON.stringify({ Version: '2012-10-17', Statement });
export const allow = (Action, Resource = '*', more = {}) => ({ Effect: 'Allow', Action, Resource, ...more });
export const deny = (Action, Resource = '*', more = {}) => ({ Effect: 'Deny', Action, Resource, ...more });
export const trust = (AWS, more = {}) =>
  policy({ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole', ...more });

export const keysOf = ({ AccessKey }) => ({ accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey });
export const sessionOf = ({ Credentials }) => ({ accessKeyId: Credentials.AccessKeyId,
  secretAccessKey: Credentials.SecretAccessKey, sessionToken: Credentials.SessionToken });

// A user with inline policy `document`, and a key.
export async function newUser(iam, UserName, document) {
  await iam.createUser({ UserName });
  if (document) await iam.putUserPolicy({ UserName, PolicyName: 'own', PolicyDocument: document });
  return keysOf(await iam.createAccessKey({ UserName }));
}

// The call must fail with this code, this text (a whole one, or a pattern) and this status.
export async function refused(promise, name, message, status) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.Code ?? error.name, name, `${error.name}: ${error.message}`);
    if (message instanceof RegExp) assert.match(error.message, message);
    else if (message !== undefined) assert.equal(error.message, message);
    if (status !== undefined) assert.equal(error.$metadata.httpStatusCode, status);
    return true;
  });
}
