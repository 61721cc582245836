// init, list, fmt, schema and revoke of the built program.
import { readFileSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { hour } from '../../src/model/duration.ts'
import { displayWidth } from '../../src/render/text/layout.ts'
import { type Workplace, workplace } from '../support/program.ts'
import { keys, openPseudoTerminal } from '../support/pty.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

async function scene(t: Test): Promise<{ readonly place: Workplace; readonly platform: ServedPlatform }> {
  const platform = await servedPlatform(t)
  return { platform, place: await workplace(t, platform.env) }
}

async function byHand({ platform }: { readonly platform: ServedPlatform }, name: string): Promise<string> {
  const answer = await platform.send(
    new Request('http://localhost/api/api-keys', {
      method: 'POST',
      headers: { authorization: `Bearer ${platform.administrator.reveal()}` },
      body: JSON.stringify({ name, permissions: ['read_scenarios'], expires_in: 7_776_000 }),
    }),
  )
  return ((await answer.json()) as { api_key: { id: string } }).api_key.id
}

const missing = (path: string) =>
  access(path).then(
    () => false,
    () => true,
  )

t.test('init asks again after a wrong answer, offers projects, and writes what validate accepts', async t => {
  const { place, platform } = await scene(t)
  const terminal = openPseudoTerminal(t, place, ['init'], platform.env)
  await terminal.until(/◆ +Name of the stack:/)
  terminal.type(`Acme Agents${keys.enter}`)
  await terminal.until(/Use lower-case letters/)
  terminal.type(`${'\u007f'.repeat(11)}acme-agents${keys.enter}`)
  await terminal.until(/Declare a first key\?[^]*1\. Yes/)
  terminal.type(keys.enter)
  await terminal.until(/◆ +Its key id/)
  terminal.type(`Bad Id${keys.enter}`)
  await terminal.until(/Use lower-case letters, digits, hyphens and underscores/)
  terminal.type(`${'\u007f'.repeat(6)}nightly${keys.enter}`)
  await terminal.until(/Where is it used\?[^]*4\. ci/)
  terminal.type(`2${keys.enter}`)
  await terminal.until(/Which projects may it use\?/)
  terminal.type(keys.enter)
  await terminal.until(/Projects:[^]*customer-support-bot/)
  terminal.type(`${keys.space}${keys.enter}`)
  await terminal.until(/What may it do\?[^]*◼ Upload results/)
  terminal.type(keys.enter)
  t.strictSame(await terminal.ended, { code: 0, restored: true }, terminal.seen())
  t.match(terminal.seen(), /Wrote fluxloop-keys\.yaml and \.gitignore\.[^]*fluxloop-keys plan/)
  const written = await place.read('fluxloop-keys.yaml')
  t.match(written, /^stack: acme-agents$/m)
  t.match(
    written,
    /^ {2}nightly:\n {4}name: nightly\n {4}environment: stg\n {4}scope: \[customer-support-bot\]/m,
  )
  t.ok(written.split('\n').filter(line => line.includes('# ')).length > 6, 'it is commented')
  t.match(await place.read('.gitignore'), /^\.env$/m)
  t.match(await place.run(['validate']), { code: 0, stdout: /is valid: 1 key\./ })
  t.strictSame(
    platform.requests.filter(request => !request.startsWith('GET ')),
    [],
    'nothing is changed on the platform',
  )
  t.match(await place.run(['init', '--stack', 'other']), {
    code: 2,
    stderr: /There is a configuration already/,
  })
  t.equal(await place.read('fluxloop-keys.yaml'), written)
})

t.test('init offers keys to take over, which the first plan only adopts', async t => {
  const here = await scene(t)
  const { place, platform } = here
  const id = await byHand(here, 'CI Pipeline')
  await byHand(here, 'Somebody Else')
  const terminal = openPseudoTerminal(t, place, ['init', '--stack', 'acme'], platform.env)
  await terminal.until(/2 unmanaged keys\. Take over some\?[^]*3\. All/)
  terminal.type(`2${keys.enter}`)
  await terminal.until(/Keys:[^]*CI Pipeline/)
  const first = /◻ (\S+ \S+) \(/.exec(terminal.seen())?.[1]
  terminal.type(`${first === 'CI Pipeline' ? '' : keys.down}${keys.space}${keys.enter}`)
  t.strictSame(await terminal.ended, { code: 0, restored: true }, terminal.seen())
  t.match(await place.read('fluxloop-keys.yaml'), new RegExp(`adopt: ${id}`))
  t.match((await place.run(['plan'])).stdout, /1 to adopt, 0 to update, 0 to rotate, 0 to revoke/)
})

t.test(
  'init writes nothing after Ctrl-C, and works where nobody is logged in or there is no terminal',
  async t => {
    const { place, platform } = await scene(t)
    const stopped = openPseudoTerminal(t, place, ['init'], platform.env)
    await stopped.until(/◆ +Name of the stack:/)
    stopped.type(keys.ctrlC)
    t.strictSame(await stopped.ended, { code: 130, restored: true })
    t.match(stopped.seen(), /Cancelled: nothing was written/)
    for (const file of ['fluxloop-keys.yaml', '.gitignore']) t.ok(await missing(join(place.work, file)), file)

    t.match(await place.run(['init']), { code: 2, stderr: /init needs --stack NAME/ })
    t.match(await place.run(['init', '--stack', 'A b']), {
      code: 2,
      stderr: /Invalid name of a stack: `A b`/,
    })
    platform.forget()
    t.match(await place.run(['init', '--stack', 'acme']), { code: 0, stdout: /Wrote fluxloop-keys\.yaml/ })
    t.strictSame(platform.requests, [], 'without anybody to ask it asks nobody')
    t.match(await place.run(['validate']), { code: 0 })
  },
)

const configuration = `version: 1
stack: acme
defaults: { expires: 90d, rotate: { maxAge: 60d, grace: 48h, quiet: 1h } }
keys:
  ci-pipeline: { name: CI, scope: all, permissions: [read_scenarios], store: { env-file: { path: ci.env, name: KEY } } }
  later: { name: Later, scope: all, permissions: [read_scenarios], store: { env-file: { path: later.env, name: KEY } } }
`

t.test('list shows every key of the stack in one table, with the requests of a plan', async t => {
  const { place, platform } = await scene(t)
  await place.write('fluxloop-keys.yaml', configuration)
  t.equal((await place.run(['apply', '--auto-approve', '--only', 'ci-pipeline'])).code, 0)
  t.equal((await place.run(['rotate', 'ci-pipeline', '--auto-approve'])).code, 0)
  platform.forget()
  const list = await place.run(['list'])
  t.match(list, { code: 0, stderr: '' })
  t.equal(platform.requests.length, 2, platform.requests.join())
  t.match(list.stdout, /^Stack acme, account .*\n\nKEY +ID +STATE +AGE +NEXT +STORES +LAST USED\n/)
  t.match(
    list.stdout,
    /\nci-pipeline +key_\w+ +delivered +0d\/60d +rotates \d{4}-\d\d-\d\d +env-file +never\n/,
  )
  t.match(list.stdout, /\nci-pipeline +key_\w+ +retiring +0d +retires \d{4}-\d\d-\d\d +- /)
  t.match(list.stdout, /\nlater +- +not created +- +- +env-file +-\n/)
  t.match(list.stdout, /\n2 keys, and 1 not created yet\.\n$/)

  const json = JSON.parse((await place.run(['list', '--json'])).stdout) as { keys: { state: string }[] }
  const schema = readFileSync(new URL('../../schemas/list.schema.json', import.meta.url), 'utf8')
  const validate = new Ajv2020({
    strictTypes: false,
    formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ },
  }).compile(JSON.parse(schema) as object)
  t.ok(validate(json), JSON.stringify(validate.errors))
  t.strictSame(
    json.keys.map(({ state }) => state),
    ['delivered', 'retiring', 'not created'],
  )

  const narrow = openPseudoTerminal(t, place, ['list', '--no-color'], platform.env)
  t.strictSame(await narrow.ended, { code: 0, restored: true })
  t.strictSame(
    narrow
      .seen()
      .split(/\r?\n/)
      .filter(line => displayWidth(line) > 80),
    [],
  )
})

t.test('revoke ends a retiring key now, through the gate of its use, and never a key at work', async t => {
  const { place, platform } = await scene(t)
  await place.write('fluxloop-keys.yaml', configuration)
  t.equal((await place.run(['apply', '--auto-approve'])).code, 0)
  const [head] = (await platform.managed()).filter(({ name }) => name === 'CI')
  const old = (await place.read('ci.env')).replace(/^KEY=/, '').trim()
  const refused = await place.run(['revoke', 'ci-pipeline', '--auto-approve'])
  t.match(refused, { code: 5, stderr: /ci-pipeline has no retiring key[^]*fluxloop-keys list/ })

  t.equal((await place.run(['rotate', 'ci-pipeline', '--auto-approve'])).code, 0)
  t.equal(await platform.holder(old), head?.id, 'the predecessor is in use')
  const inUse = await place.run(['revoke', 'ci-pipeline', '--auto-approve'])
  t.match(inUse, {
    code: 6,
    stderr: new RegExp(`${head?.id} \\(ci-pipeline\\) is in use: last used[^]*revoke ${head?.id} --in-use`),
  })
  t.match(await place.run(['revoke', 'ci-pipeline']), { code: 6 })
  t.equal((await platform.managed()).length, 3)

  platform.now += 2 * hour
  t.match(await place.run(['revoke', 'ci-pipeline']), { code: 1, stderr: /nobody to approve/ })
  platform.forget()
  const revoked = await place.run(['revoke', 'ci-pipeline', '--auto-approve', '--log', 'keys.log'])
  t.equal(revoked.code, 0, revoked.stderr)
  t.match(revoked.stdout, /grace until \d{4}-\d\d-\d\d \d\d:\d\d UTC cut short/)
  t.match(revoked.stdout, new RegExp(`ci-pipeline: revoked ${head?.id}`))
  t.equal(platform.requests.length, 4, 'a plan, a look at the key, and its end')
  t.equal(await platform.holder(old), null)
  t.equal((await platform.managed()).length, 2, 'the key at work is still there')
  t.match(await place.read('keys.log'), /"action":"revoked"|revoked/)
  t.match(await place.run(['plan']), { code: 0, stdout: /No changes\./ })

  t.equal((await place.run(['rotate', 'ci-pipeline', '--auto-approve'])).code, 0)
  const forced = await place.run(['revoke', 'ci-pipeline', '--in-use', '--json', '--auto-approve'])
  t.equal(forced.code, 0, forced.stderr)
  t.match(JSON.parse(forced.stdout), { report: { outcomes: [{ status: 'done' }] } })
})

t.test('fmt writes the files of a valid configuration in one layout', async t => {
  const place = await workplace(t)
  const loose =
    'version:   1\nstack: acme # mine\nkeys:\n    ci: {name: CI,scope: all,permissions: [ read_results ],expires: 90d}\n'
  const tidy =
    'version: 1\nstack: acme # mine\nkeys:\n  ci: { name: CI, scope: all, permissions: [read_results], expires: 90d }\n'
  await place.write('fluxloop-keys.yaml', loose)
  t.match(await place.run(['fmt', '--check']), { code: 1, stdout: 'Not formatted: fluxloop-keys.yaml\n' })
  t.equal(await place.read('fluxloop-keys.yaml'), loose)
  t.match(await place.run(['fmt']), { code: 0, stdout: 'Formatted: fluxloop-keys.yaml\n', stderr: '' })
  t.equal(await place.read('fluxloop-keys.yaml'), tidy)
  t.match(await place.run(['fmt', '--check']), { code: 0, stdout: 'Nothing to format in 1 file.\n' })
  await place.write('fluxloop-keys.yaml', 'keys: [')
  t.equal((await place.run(['fmt'])).code, 2)
  t.equal(await place.read('fluxloop-keys.yaml'), 'keys: [')
})

t.test('schema prints the schema that validate goes by', async t => {
  const place = await workplace(t)
  const { code, stdout } = await place.run(['schema'])
  t.equal(code, 0)
  const file = readFileSync(new URL('../../schemas/fluxloop-keys.schema.json', import.meta.url), 'utf8')
  t.strictSame(JSON.parse(stdout), JSON.parse(file))
})
