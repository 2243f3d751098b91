// Users, groups, roles, policies and access keys, through the SDK's client of IAM.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { ACCOUNT, ROOT, allow, arn, identityServer, keysOf, newUser, policy, refused, trust } from './lib/identity.mjs';
import { givenEndpoint } from './lib/server.mjs';

const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const server = skip ? undefined : await identityServer();
after(() => server?.stop());
const iam = server?.iam();
const READ = policy(allow('dynamodb:GetItem'));

test('a user is made, shown, renamed and deleted', { skip }, async () => {
  const { User } = await iam.createUser({ UserName: 'ann', Path: '/staff/', Tags: [{ Key: 'team', Value: 'a&b <c>' }] });
  assert.equal(User.Arn, arn('user/staff/ann'));
  assert.match(User.UserId, /^AIDA[A-Z2-7]{17}$/);
  assert.equal(User.Path, '/staff/');
  assert.ok(Math.abs(User.CreateDate - Date.now()) < 60000);
  assert.deepEqual(User.Tags, [{ Key: 'team', Value: 'a&b <c>' }]);
  assert.deepEqual((await iam.getUser({ UserName: 'ann' })).User, User);
  await iam.updateUser({ UserName: 'ann', NewUserName: 'anna', NewPath: '/' });
  assert.equal((await iam.getUser({ UserName: 'anna' })).User.Arn, arn('user/anna'));
  await refused(iam.getUser({ UserName: 'ann' }), 'NoSuchEntity', 'The user with name ann cannot be found.', 404);
  await refused(iam.createUser({ UserName: 'ANNA' }), 'EntityAlreadyExists', undefined, 409);
  await iam.deleteUser({ UserName: 'anna' });
  await refused(iam.deleteUser({ UserName: 'anna' }), 'NoSuchEntity', undefined, 404);
});

test('lists come in pages, and by path', { skip }, async () => {
  for (let n = 0; n < 7; n++) await iam.createUser({ UserName: `paged${n}`, Path: n % 2 ? '/odd/' : '/even/' });
  const names = [];
  let Marker;
  do {
    const page = await iam.listUsers({ MaxItems: 2, Marker, PathPrefix: '/even/' });
    assert.ok(page.Users.length <= 2);
    names.push(...page.Users.map((user) => user.UserName));
    assert.equal(page.IsTruncated, page.Marker !== undefined);
    Marker = page.Marker;
  } while (Marker);
  assert.deepEqual(names, ['paged0', 'paged2', 'paged4', 'paged6']);
  assert.equal((await iam.listUsers({ PathPrefix: '/odd/' })).Users.length, 3);
  await refused(iam.listUsers({ Marker: 'no number' }), 'ValidationError', 'Invalid Marker.', 400);
});

test('access keys work until they are switched off or deleted', { skip }, async () => {
  const credentials = await newUser(iam, 'keyed', policy(allow('dynamodb:ListTables')));
  const db = server.db(credentials);
  assert.deepEqual((await db.listTables({})).TableNames, []);
  const AccessKeyId = credentials.accessKeyId;
  const { AccessKeyMetadata: [listed] } = await iam.listAccessKeys({ UserName: 'keyed' });
  assert.equal(listed.AccessKeyId, AccessKeyId);
  assert.equal(listed.Status, 'Active');
  assert.equal(listed.UserName, 'keyed');
  await iam.updateAccessKey({ UserName: 'keyed', AccessKeyId, Status: 'Inactive' });
  await refused(db.listTables({}), 'UnrecognizedClientException');
  await refused(server.iam(credentials).listUsers({}), 'InvalidClientTokenId', 'The security token included in the request is invalid.', 403);
  await iam.updateAccessKey({ UserName: 'keyed', AccessKeyId, Status: 'Active' });
  await db.listTables({});
  await iam.createAccessKey({ UserName: 'keyed' });
  await refused(iam.createAccessKey({ UserName: 'keyed' }), 'LimitExceeded', undefined, 409);
  await refused(iam.deleteUser({ UserName: 'keyed' }), 'DeleteConflict', undefined, 409);
  await iam.deleteAccessKey({ UserName: 'keyed', AccessKeyId });
  await refused(db.listTables({}), 'UnrecognizedClientException');
});

test('a member of a group has its policies', { skip }, async () => {
  const credentials = await newUser(iam, 'member');
  const { Group } = await iam.createGroup({ GroupName: 'readers', Path: '/g/' });
  assert.equal(Group.Arn, arn('group/g/readers'));
  assert.match(Group.GroupId, /^AGPA/);
  await iam.putGroupPolicy({ GroupName: 'readers', PolicyName: 'list', PolicyDocument: policy(allow('dynamodb:ListTables')) });
  await refused(server.db(credentials).listTables({}), 'AccessDeniedException');
  await iam.addUserToGroup({ GroupName: 'readers', UserName: 'member' });
  await server.db(credentials).listTables({});
  assert.deepEqual((await iam.listGroupsForUser({ UserName: 'member' })).Groups.map((group) => group.GroupName), ['readers']);
  assert.deepEqual((await iam.getGroup({ GroupName: 'readers' })).Users.map((user) => user.UserName), ['member']);
  assert.deepEqual((await iam.listGroups({})).Groups, [Group]);
  await refused(iam.deleteGroup({ GroupName: 'readers' }), 'DeleteConflict');
  await iam.removeUserFromGroup({ GroupName: 'readers', UserName: 'member' });
  await refused(server.db(credentials).listTables({}), 'AccessDeniedException');
  await iam.deleteGroupPolicy({ GroupName: 'readers', PolicyName: 'list' });
  await iam.updateGroup({ GroupName: 'readers', NewGroupName: 'others' });
  await iam.deleteGroup({ GroupName: 'others' });
});

test('a role keeps its trust policy, and says how long its sessions last', { skip }, async () => {
  const document = trust(arn('root'));
  const { Role } = await iam.createRole({ RoleName: 'worker', AssumeRolePolicyDocument: document, Description: 'works & "rests"',
    MaxSessionDuration: 7200 });
  assert.equal(Role.Arn, arn('role/worker'));
  assert.match(Role.RoleId, /^AROA/);
  assert.equal(decodeURIComponent(Role.AssumeRolePolicyDocument), document);
  assert.equal(Role.MaxSessionDuration, 7200);
  assert.equal(Role.Description, 'works & "rests"');
  const changed = trust(`${ACCOUNT}`);
  await iam.updateAssumeRolePolicy({ RoleName: 'worker', PolicyDocument: changed });
  await iam.updateRole({ RoleName: 'worker', MaxSessionDuration: 3600, Description: 'rests' });
  const { Role: now } = await iam.getRole({ RoleName: 'worker' });
  assert.equal(decodeURIComponent(now.AssumeRolePolicyDocument), changed);
  assert.deepEqual([now.MaxSessionDuration, now.Description], [3600, 'rests']);
  assert.deepEqual((await iam.listRoles({})).Roles.map((role) => role.RoleName), ['worker']);
  await refused(iam.createRole({ RoleName: 'bad', AssumeRolePolicyDocument: READ }), 'MalformedPolicyDocument', undefined, 400);
  await refused(iam.createRole({ RoleName: 'bad', AssumeRolePolicyDocument: '{' }), 'MalformedPolicyDocument');
  await iam.deleteRole({ RoleName: 'worker' });
});

test('managed policies are attached to users, groups and roles', { skip }, async () => {
  const credentials = await newUser(iam, 'attached');
  await iam.createGroup({ GroupName: 'attached' });
  await iam.createRole({ RoleName: 'attached', AssumeRolePolicyDocument: trust(arn('root')) });
  const { Policy } = await iam.createPolicy({ PolicyName: 'list', Path: '/p/', PolicyDocument: READ, Description: 'reads' });
  assert.equal(Policy.Arn, arn('policy/p/list'));
  assert.equal(Policy.DefaultVersionId, 'v1');
  assert.equal(Policy.Description, 'reads');
  const PolicyArn = Policy.Arn;
  await iam.attachUserPolicy({ UserName: 'attached', PolicyArn });
  await iam.attachGroupPolicy({ GroupName: 'attached', PolicyArn });
  await iam.attachRolePolicy({ RoleName: 'attached', PolicyArn });
  const shown = [{ PolicyName: 'list', PolicyArn }];
  assert.deepEqual((await iam.listAttachedUserPolicies({ UserName: 'attached' })).AttachedPolicies, shown);
  assert.deepEqual((await iam.listAttachedGroupPolicies({ GroupName: 'attached' })).AttachedPolicies, shown);
  assert.deepEqual((await iam.listAttachedRolePolicies({ RoleName: 'attached' })).AttachedPolicies, shown);
  assert.equal((await iam.getPolicy({ PolicyArn })).Policy.AttachmentCount, 3);
  await refused(server.db(credentials).listTables({}), 'AccessDeniedException');
  const { PolicyVersion } = await iam.createPolicyVersion({ PolicyArn, SetAsDefault: true, PolicyDocument: policy(allow('dynamodb:ListTables')) });
  assert.equal(PolicyVersion.VersionId, 'v2');
  await server.db(credentials).listTables({});
  const version = await iam.getPolicyVersion({ PolicyArn, VersionId: 'v2' });
  assert.equal(decodeURIComponent(version.PolicyVersion.Document), policy(allow('dynamodb:ListTables')));
  await refused(iam.getPolicyVersion({ PolicyArn, VersionId: 'v1' }), 'NoSuchEntity');
  assert.deepEqual((await iam.listPolicyVersions({ PolicyArn })).Versions.map((each) => each.VersionId), ['v2']);
  assert.deepEqual((await iam.listPolicies({ Scope: 'Local' })).Policies.map((each) => each.Arn), [PolicyArn]);
  const known = await iam.listPolicies({ Scope: 'AWS' });
  assert.ok(known.Policies.every((each) => each.Arn.startsWith('arn:aws:iam::aws:policy/')));
  assert.deepEqual((await iam.listPolicies({ OnlyAttached: true })).Policies.map((each) => each.Arn), [PolicyArn]);
  await refused(iam.deletePolicy({ PolicyArn }), 'DeleteConflict');
  await iam.detachUserPolicy({ UserName: 'attached', PolicyArn });
  await refused(iam.detachUserPolicy({ UserName: 'attached', PolicyArn }), 'NoSuchEntity');
  await iam.detachGroupPolicy({ GroupName: 'attached', PolicyArn });
  await iam.detachRolePolicy({ RoleName: 'attached', PolicyArn });
  await iam.deletePolicy({ PolicyArn });
  await refused(iam.getPolicy({ PolicyArn }), 'NoSuchEntity', undefined, 404);
});

test('inline policies are put, shown as they were written, listed and deleted', { skip }, async () => {
  const document = ` ${policy(allow('dynamodb:*', 'arn:aws:dynamodb:*:*:table/a%20b+c'))}\n`;
  await iam.createUser({ UserName: 'inline' });
  await iam.createRole({ RoleName: 'inline', AssumeRolePolicyDocument: trust(arn('root')) });
  await iam.createGroup({ GroupName: 'inline' });
  for (const [Kind, name] of [['User', 'UserName'], ['Role', 'RoleName'], ['Group', 'GroupName']]) {
    const whose = { [name]: 'inline' };
    await iam[`put${Kind}Policy`]({ ...whose, PolicyName: 'one', PolicyDocument: document });
    await iam[`put${Kind}Policy`]({ ...whose, PolicyName: 'another', PolicyDocument: READ });
    const { $metadata, PolicyDocument, ...shown } = await iam[`get${Kind}Policy`]({ ...whose, PolicyName: 'one' });
    assert.deepEqual(shown, { ...whose, PolicyName: 'one' });
    assert.match(PolicyDocument, /^[\w.~%-]+$/);
    assert.equal(decodeURIComponent(PolicyDocument), document);
    assert.deepEqual((await iam[`list${Kind}Policies`](whose)).PolicyNames, ['another', 'one']);
    await refused(iam[`delete${Kind}`](whose), 'DeleteConflict');
    await iam[`delete${Kind}Policy`]({ ...whose, PolicyName: 'one' });
    await refused(iam[`get${Kind}Policy`]({ ...whose, PolicyName: 'one' }), 'NoSuchEntity');
    await refused(iam[`put${Kind}Policy`]({ ...whose, PolicyName: 'bad', PolicyDocument: 'no policy' }), 'MalformedPolicyDocument');
  }
});

test('a boundary limits what policies allow', { skip }, async () => {
  const credentials = await newUser(iam, 'bounded', policy(allow('dynamodb:*')));
  const { Policy } = await iam.createPolicy({ PolicyName: 'boundary', PolicyDocument: READ });
  await server.db(credentials).listTables({});
  await iam.putUserPermissionsBoundary({ UserName: 'bounded', PermissionsBoundary: Policy.Arn });
  await refused(server.db(credentials).listTables({}), 'AccessDeniedException');
  assert.equal((await iam.getUser({ UserName: 'bounded' })).User.PermissionsBoundary.PermissionsBoundaryArn, Policy.Arn);
  assert.equal((await iam.getPolicy({ PolicyArn: Policy.Arn })).Policy.PermissionsBoundaryUsageCount, 1);
  await iam.deleteUserPermissionsBoundary({ UserName: 'bounded' });
  await server.db(credentials).listTables({});
});

test('tags are put, listed in pages and taken away', { skip }, async () => {
  await iam.createUser({ UserName: 'tagged' });
  await iam.tagUser({ UserName: 'tagged', Tags: [{ Key: 'b', Value: '2' }, { Key: 'a', Value: '' }, { Key: 'é', Value: '€' }] });
  assert.deepEqual((await iam.listUserTags({ UserName: 'tagged' })).Tags, [{ Key: 'a', Value: '' }, { Key: 'b', Value: '2' }, { Key: 'é', Value: '€' }]);
  const page = await iam.listUserTags({ UserName: 'tagged', MaxItems: 2 });
  assert.ok(page.IsTruncated);
  assert.deepEqual((await iam.listUserTags({ UserName: 'tagged', Marker: page.Marker })).Tags, [{ Key: 'é', Value: '€' }]);
  await iam.untagUser({ UserName: 'tagged', TagKeys: ['a', 'é', 'none'] });
  assert.deepEqual((await iam.listUserTags({ UserName: 'tagged' })).Tags, [{ Key: 'b', Value: '2' }]);
});

test('members are checked before anything is done', { skip }, async () => {
  await refused(iam.createUser({ UserName: 'a b' }), 'ValidationError', "1 validation error detected: Value 'a b' at 'userName' " +
    'failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+', 400);
  await refused(iam.createUser({ UserName: '' }), 'ValidationError', /length greater than or equal to 1$/);
  await refused(iam.listUsers({ MaxItems: 1001 }), 'ValidationError', /value less than or equal to 1000$/);
  await refused(iam.createPolicyVersion({ PolicyArn: arn('policy/none'), PolicyDocument: READ }), 'InvalidInput');
});

test('who may call is asked of the caller\'s policies, by the resource', { skip }, async () => {
  const credentials = await newUser(iam, 'manager', policy(allow(['iam:CreateUser', 'iam:DeleteUser', 'iam:GetUser'], arn('user/team/*')),
    { Effect: 'Deny', Action: 'iam:DeleteUser', Resource: arn('user/team/boss') }));
  const own = server.iam(credentials);
  const me = arn('user/manager');
  await own.createUser({ UserName: 'boss', Path: '/team/' });
  await own.createUser({ UserName: 'other', Path: '/team/' });
  await own.deleteUser({ UserName: 'other' });
  await refused(own.createUser({ UserName: 'x' }), 'AccessDenied', `User: ${me} is not authorized to perform: iam:CreateUser on resource: ` +
    `${arn('user/x')} because no identity-based policy allows the iam:CreateUser action`, 403);
  await refused(own.deleteUser({ UserName: 'boss' }), 'AccessDenied', `User: ${me} is not authorized to perform: iam:DeleteUser on resource: ` +
    `${arn('user/team/boss')} with an explicit deny in an identity-based policy`, 403);
  await refused(own.listUsers({}), 'AccessDenied', `User: ${me} is not authorized to perform: iam:ListUsers on resource: ${arn('user/')} ` +
    'because no identity-based policy allows the iam:ListUsers action', 403);
  await refused(own.getUser({}), 'AccessDenied', /on resource: arn:aws:iam::000000000000:user\/manager because/);
});

test('without a name, a user means itself and the root its own keys', { skip }, async () => {
  const credentials = await newUser(iam, 'self', policy(allow('iam:*', arn('user/self'))));
  const own = server.iam(credentials);
  assert.equal((await own.getUser({})).User.UserName, 'self');
  assert.deepEqual((await own.listAccessKeys({})).AccessKeyMetadata.map((key) => key.AccessKeyId), [credentials.accessKeyId]);
  const second = keysOf(await own.createAccessKey({}));
  await own.deleteAccessKey({ AccessKeyId: credentials.accessKeyId });
  assert.equal((await server.iam(second).getUser({})).User.UserName, 'self');
  assert.equal((await iam.getUser({})).User.Arn, arn('root'));
  assert.deepEqual((await iam.listAccessKeys({})).AccessKeyMetadata.map((key) => key.AccessKeyId), [ROOT.accessKeyId]);
});
