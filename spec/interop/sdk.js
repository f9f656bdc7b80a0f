// The official JavaScript SDK against the simulator. Usage: node sdk.js URL; NODE_PATH says where the SDK is.
'use strict';

const assert = require('assert');
const http = require('http');
const Particle = require('particle-api-js');

const LAMP = '0123456789abcdef01234567';
const particle = new Particle({ baseUrl: process.argv[2] });
let auth;
let failures = 0;

async function step(name, run) {
  try {
    await run();
    console.log(`ok      ${name}`);
  } catch (error) {
    failures += 1;
    console.log(`FAILED  ${name}: ${error.stack}`);
  }
}

async function refused(promise, status) {
  const error = await promise.then(() => null, (reason) => reason);
  assert(error, 'it was not refused');
  assert.strictEqual(error.statusCode, status, error.message);
  return error;
}

function nextEvent(stream, name) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no event ${name} came`)), 10000);
    stream.on('event', (event) => {
      if (event.name !== name) return;
      clearTimeout(timer);
      resolve(event);
    });
  });
}

// A server that notes down what it is asked and answers "thanks".
function receiver() {
  return new Promise((resolve) => {
    const server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => { body += chunk; });
      request.on('end', () => {
        server.heard = { method: request.method, body };
        response.end('thanks');
      });
    });
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

async function account() {
  await step('login', async () => {
    const { body } = await particle.login({ username: 'joe@example.com', password: 'SuperSecret' });
    auth = body.access_token;
    assert.strictEqual(body.token_type, 'bearer');
  });
  await step('login with a wrong password', async () => {
    const error = await refused(particle.login({ username: 'joe@example.com', password: 'x' }), 400);
    assert.strictEqual(error.body.error, 'invalid_grant');
  });
  await step('login with a second factor', async () => {
    const error = await refused(particle.login({ username: 'ann@example.com', password: 'SuperSecret' }), 403);
    const { body } = await particle.sendOtp({ mfaToken: error.body.mfa_token, otp: '123456' });
    assert(body.access_token);
  });
  await step('user', async () => {
    assert.strictEqual((await particle.getUserInfo({ auth })).body.username, 'joe@example.com');
    await particle.setUserInfo({ accountInfo: { first_name: 'Joe' }, auth });
    assert.strictEqual((await particle.getUserInfo({ auth })).body.account_info.first_name, 'Joe');
    await refused(particle.changeUserPassword({ currentPassword: 'x', password: 'y', auth }), 400);
    assert((await particle.trackingIdentity({ full: true, auth })).body.id);
    assert((await particle.enableMfa({ auth })).body.mfa_token);
  });
}

async function devices() {
  await step('devices', async () => {
    const { body } = await particle.listDevices({ auth });
    assert(body.some((device) => device.name === 'lamp'));
    assert.strictEqual((await particle.getDevice({ deviceId: 'lamp', auth })).body.id, LAMP);
  });
  await step('functions and variables', async () => {
    const called = await particle.callFunction({ deviceId: LAMP, name: 'dim', argument: '7', auth });
    assert.strictEqual(called.body.return_value, 7);
    assert.strictEqual((await particle.getVariable({ deviceId: LAMP, name: 'brightness', auth })).body.result, 7);
    await refused(particle.getVariable({ deviceId: LAMP, name: 'nix', auth }), 404);
    await refused(particle.getVariable({ deviceId: 'gate', name: 'x', auth }), 408);
  });
  await step('rename, notes, signal', async () => {
    assert.strictEqual((await particle.renameDevice({ deviceId: LAMP, name: 'lamp', auth })).body.name, 'lamp');
    assert.strictEqual((await particle.setDeviceNotes({ deviceId: LAMP, notes: 'n', auth })).body.notes, 'n');
    assert.strictEqual((await particle.signalDevice({ deviceId: LAMP, signal: true, auth })).body.signaling, true);
  });
  await step('claim codes', async () => {
    assert.strictEqual((await particle.getClaimCode({ auth })).body.claim_code.length, 63);
    await refused(particle.claimDevice({ deviceId: 'nix', auth }), 404);
    assert((await particle.provisionDevice({ productId: 42, auth })).body.device_id);
    await particle.sendPublicKey({ deviceId: LAMP, key: Buffer.from('PEM'), auth });
  });
}

async function events() {
  await step('publish and stream', async () => {
    const stream = await particle.getEventStream({ deviceId: 'mine', name: 'door', auth });
    const coming = nextEvent(stream, 'door/open');
    await particle.publishEvent({ name: 'door/open', data: 'wide', isPrivate: true, auth });
    assert.strictEqual((await coming).data, 'wide');
    stream.abort();
  });
  await step('stream of a product', async () => {
    const stream = await particle.getEventStream({ product: '42', auth });
    const coming = nextEvent(stream, 'x');
    await particle.publishEvent({ name: 'x', data: 'y', product: '42', auth });
    assert.strictEqual((await coming).data, 'y');
    stream.abort();
  });
}

async function firmware() {
  const files = { 'a.ino': Buffer.from('void setup() {}') };
  await step('compile and download', async () => {
    const { body } = await particle.compileCode({ files, platformId: 32, auth });
    assert(body.binary_id);
    const binary = await particle.downloadFirmwareBinary({ binaryId: body.binary_id, auth });
    assert(binary.length > 0);
  });
  await step('compile what is wrong', async () => {
    const error = await refused(particle.compileCode({
      files: { 'a.ino': Buffer.from('#error no way') }, platformId: 32, auth,
    }), 406);
    assert(error.body.errors[0].includes('no way'));
  });
  await step('flash', async () => {
    const stream = await particle.getEventStream({ deviceId: LAMP, auth });
    const coming = nextEvent(stream, 'spark/flash/status');
    const online = nextEvent(stream, 'spark/status');
    const { body } = await particle.flashDevice({ deviceId: LAMP, files, auth });
    assert.strictEqual(body.message, 'Update started');
    assert.strictEqual((await coming).data, 'started');
    await online;
    stream.abort();
  });
  await step('build targets', async () => {
    assert((await particle.listBuildTargets({ onlyFeatured: true, auth })).body.targets.length > 0);
    assert((await particle.listDeviceOsVersions({ platformId: 32, auth })).body.length > 0);
    assert((await particle.getDeviceOsVersion({ version: '6.3.0', auth })).body.version);
  });
}

async function products() {
  await step('products', async () => {
    assert.strictEqual((await particle.listProducts({ auth })).body.products[0].id, 42);
    assert.strictEqual((await particle.getProduct({ product: 'street-light', auth })).body.product.id, 42);
    const { body } = await particle.listDevices({ product: 42, perPage: 1, page: 2, auth });
    assert.strictEqual(body.devices.length, 1);
    assert.strictEqual(body.meta.total_pages, 2);
  });
  await step('product devices', async () => {
    const device = (await particle.listDevices({ auth })).body.find((one) => one.name === 'gate');
    const added = await particle.addDeviceToProduct({ product: 42, deviceId: device.id, auth });
    assert.deepStrictEqual(added.body.updatedDeviceIds, [device.id]);
    const file = Buffer.from(`${device.id}\n`);
    const again = await particle.addDeviceToProduct({ product: 42, file, auth });
    assert.deepStrictEqual(again.body.existingDeviceIds, [device.id]);
    await particle.markAsDevelopmentDevice({ product: 42, deviceId: device.id, development: true, auth });
    await particle.lockDeviceProductFirmware({ product: 42, deviceId: device.id, desiredFirmwareVersion: 3, auth });
    const record = (await particle.getDevice({ product: 42, deviceId: device.id, auth })).body;
    assert.strictEqual(record.development && record.desired_firmware_version, 3);
    await particle.unlockDeviceProductFirmware({ product: 42, deviceId: device.id, auth });
    await particle.removeDevice({ product: 42, deviceId: device.id, auth });
  });
  await step('product firmware', async () => {
    await particle.uploadProductFirmware({
      product: 42, file: Buffer.from([1, 2]), version: 2, title: 't', description: 'd', auth,
    });
    const list = (await particle.listProductFirmware({ product: 42, auth })).body;
    assert.strictEqual(list[0].version, 2);
    assert.strictEqual((await particle.downloadProductFirmware({ product: 42, version: 2, auth })).length, 2);
    await particle.releaseProductFirmware({ product: 42, version: 2, product_default: true, auth });
    assert.strictEqual((await particle.getProductFirmware({ product: 42, version: 2, auth })).body.product_default, true);
  });
  await step('team', async () => {
    await particle.inviteTeamMember({ username: 'ann@example.com', product: 42, auth });
    assert.strictEqual((await particle.listTeamMembers({ product: 42, auth })).body.team.length, 2);
    await particle.removeTeamMember({ username: 'ann@example.com', product: 42, auth });
    await refused(particle.removeTeamMember({ username: 'ann@example.com', product: 42, auth }), 404);
  });
  await step('configuration and locations', async () => {
    await particle.setProductConfiguration({ product: 42, config: { m: { k: 1 } }, auth });
    assert.strictEqual((await particle.getProductConfiguration({ product: 42, auth })).body.configuration.m.k, 1);
    await particle.getProductConfigurationSchema({ product: 42, auth });
    assert((await particle.getProductLocations({ product: 42, auth })).body.locations);
  });
  await step('SIM cards', async () => {
    const { sims } = (await particle.listSIMs({ product: 42, auth })).body;
    const iccid = sims[0]._id;
    assert((await particle.getSIMDataUsage({ product: 42, iccid, auth })).body.usage_by_day);
    assert((await particle.getFleetDataUsage({ product: 42, auth })).body.usage_by_day);
    await particle.checkSIM({ iccid, auth });
    await particle.removeSIM({ product: 42, iccid, auth });
    await refused(particle.getSIMDataUsage({ product: 42, iccid, auth }), 404);
  });
  await step('OAuth clients and customers', async () => {
    const made = await particle.createOAuthClient({ name: 'app', type: 'installed', product: 42, auth });
    const { id, secret } = made.body.client;
    const shop = new Particle({ baseUrl: process.argv[2], clientId: id, clientSecret: secret });
    const customer = await shop.createCustomer({ email: 'kim@example.com', password: 'p', product: 42 });
    assert(customer.body.access_token);
    assert.strictEqual((await particle.deleteOAuthClient({ clientId: id, product: 42, auth })).statusCode, 204);
  });
}

async function integrations() {
  await step('webhooks', async () => {
    const server = await receiver();
    const url = `http://127.0.0.1:${server.address().port}/`;
    const made = await particle.createWebhook({ event: 'temp', url, auth });
    const stream = await particle.getEventStream({ deviceId: 'mine', name: 'hook-', auth });
    const coming = nextEvent(stream, 'hook-response/temp/0');
    await particle.publishEvent({ name: 'temp', data: '21', auth });
    assert.strictEqual((await coming).data, 'thanks');
    assert(server.heard.body.includes('data=21'));
    stream.abort();
    assert.strictEqual((await particle.listWebhooks({ auth })).body[0].id, made.body.id);
    assert.strictEqual((await particle.deleteWebhook({ hookId: made.body.id, auth })).statusCode, 204);
    server.close();
    server.closeAllConnections();
  });
  await step('integrations', async () => {
    const made = await particle.createIntegration({
      event: 'e', settings: { integration_type: 'Webhook', url: 'https://example.com' }, auth,
    });
    const integrationId = made.body.id;
    assert((await particle.listIntegrations({ auth })).body.length > 0);
    await particle.editIntegration({ integrationId, event: 'f', settings: { url: 'https://example.com' }, auth });
    await particle.deleteIntegration({ integrationId, auth });
    await refused(particle.deleteIntegration({ integrationId, auth }), 404);
  });
}

async function data() {
  await step('ledgers', async () => {
    for (const org of [undefined, 'acme']) {
      const ledger = { name: 'l', scope: 'Device', direction: 'Downstream' };
      await particle.createLedger({ ledger, org, auth });
      assert.strictEqual((await particle.listLedgers({ org, auth })).body.ledgers[0].name, 'l');
      const at = { ledgerName: 'l', scopeValue: LAMP, org, auth };
      await particle.setLedgerInstance({ ...at, instance: { data: { a: 1 } } });
      await particle.setLedgerInstance({ ...at, instance: { data: { b: 2 } }, setMode: 'Merge' });
      assert.deepStrictEqual((await particle.getLedgerInstance(at)).body.instance.data, { a: 1, b: 2 });
      assert.strictEqual((await particle.listLedgerInstanceVersions(at)).body.versions.length, 1);
      await particle.deleteLedgerInstance(at);
      await particle.archiveLedger({ ledgerName: 'l', org, auth });
    }
  });
  await step('logic functions', async () => {
    const made = await particle.createLogicFunction({
      logicFunction: { name: 'f', source: { type: 'JavaScript', code: '' }, logic_triggers: [] }, auth,
    });
    const logicFunctionId = made.body.logic_function.id;
    await particle.updateLogicFunction({ logicFunctionId, logicFunction: { enabled: false }, auth });
    assert.strictEqual((await particle.getLogicFunction({ logicFunctionId, auth })).body.logic_function.enabled, false);
    assert.deepStrictEqual((await particle.listLogicRuns({ logicFunctionId, auth })).body.logic_runs, []);
    await particle.deleteLogicFunction({ logicFunctionId, auth });
  });
  await step('environment variables', async () => {
    for (const at of [{ sandbox: true }, { org: 'acme' }, { product: 42 }, { deviceId: LAMP }]) {
      await particle.setEnvVar({ ...at, key: 'A', value: '1', auth });
      await particle.updateEnvVars({ ...at, ops: [{ op: 'Set', key: 'B', value: '2' }], auth });
      const { env } = (await particle.renderEnvVars({ ...at, auth })).body;
      assert.strictEqual(env.A + env.B, '12');
      assert((await particle.reviewEnvVarsRollout({ ...at, auth })).body.from_snapshot.changes.length > 0);
      assert((await particle.startEnvVarsRollout({ ...at, when: 'Immediate', auth })).body.success);
      await particle.deleteEnvVar({ ...at, key: 'A', auth });
    }
  });
  await step('libraries', async () => {
    assert.deepStrictEqual((await particle.listLibraries({ auth })).body.data, []);
    await refused(particle.contributeLibrary({ archive: Buffer.from('x'), auth }), 400);
    await refused(particle.getLibrary({ name: 'nix', auth }), 404);
  });
}

(async () => {
  for (const part of [account, devices, events, firmware, products, integrations, data]) await part();
  console.log(failures === 0 ? 'the SDK is content' : `${failures} failed`);
  process.exit(failures === 0 ? 0 : 1);
})();
