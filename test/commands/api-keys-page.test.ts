import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { readCommandLine } from '../../src/cli.ts'
import { answerTo } from '../../src/cli/answer.ts'
import { builtHelpOn } from '../../src/cli/generated/help-pages.ts'
import { commands } from '../../src/cli/commands.ts'
import { runList } from '../../src/commands/apikeys/apikeys-list-command.ts'
import { runShow } from '../../src/commands/apikeys/apikeys-show-command.ts'
import { permissionDescriptions } from '../../src/model/permission.ts'
import { Secret } from '../../src/model/secret.ts'
import { type TestContextOptions, type TestPlatform, runToEnd, testContext } from '../support/context.ts'
import { type PageExample, pageCommands, pageExamples, pageLines, withoutLayout } from '../support/page.ts'
import { referencePlatform } from '../support/reference.ts'
import { golden } from '../render/golden.ts'

const readText = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** As a person writes it: words with quotes where a shell needs them. */
function written(words: PageExample): string {
  return words.map(word => (/^[\w.:/@,-]+$/.test(word) ? word : `"${word}"`)).join(' ')
}

/** Quotes that a shell does not need are one way to write the same words. */
function plainly(text: string): string {
  return text.replaceAll(/"([\w.:/@,-]+)"/g, '$1').replaceAll(/ *\\\n */g, ' ')
}

t.test('every command line of the page is one of ours, word for word', t => {
  t.ok(pageExamples.length > 25, 'the page was read')
  for (const words of pageExamples) t.doesNotThrow(() => readCommandLine(words), written(words))
  t.end()
})

t.test('the help of each command has the examples and the options of its section of the page', t => {
  t.strictSame(
    pageCommands.map(({ name }) => name),
    ['list', 'create', 'show', 'update', 'regenerate', 'delete'],
  )
  for (const { name, examples, options } of pageCommands) {
    const screen = { isTTY: true, columns: 80, env: {} }
    const help = plainly(`${answerTo(['apikeys', name, '--help'], '0.0.0', screen, builtHelpOn) ?? ''}\n`)
    for (const words of examples)
      t.ok(help.includes(`$ fluxloop-keys ${written(words)}\n`), `${name}: ${written(words)}`)
    for (const option of options) t.match(help, new RegExp(`^ +--${option} `, 'm'), `${name} --${option}`)
  }
  t.end()
})

t.test('the other names of the page for regenerate and delete are ours as well', t => {
  for (const name of ['rotate', 'revoke'])
    t.doesNotThrow(() => readCommandLine(['apikeys', name, 'key_abc123', '--force']), name)
  t.end()
})

t.test('the guide has every example of the page, and the README leads to the guide', t => {
  const guide = plainly(readText('docs/guides/apikeys.md'))
  for (const { examples } of pageCommands)
    for (const words of examples) t.ok(guide.includes(`\nfluxloop-keys ${written(words)}\n`), written(words))
  t.match(readText('README.md'), /\]\(docs\/guides\/apikeys\.md\)/)
  t.end()
})

t.test('examples in the guide and in every help are command lines that we accept', t => {
  const lines = plainly(readText('docs/guides/apikeys.md')).match(/^fluxloop-keys .+$/gm) ?? []
  t.ok(lines.length > 15)
  const shown = commands.flatMap(({ examples }) => examples)
  for (const line of [...lines.map(text => text.replace(/^fluxloop-keys /, '')), ...shown]) {
    if (/[|<>]/.test(line)) continue
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
    t.doesNotThrow(() => readCommandLine(words), line)
  }
  t.end()
})

t.test('the permissions have the descriptions of the page', t => {
  const table = pageLines('| Permission | Description |', 'Scope').filter(line => line.endsWith(' |'))
  t.strictSame(
    table,
    Object.entries(permissionDescriptions).map(([name, text]) => `${name} | ${text} |`),
  )
  t.end()
})

/** Two commands that fail: with one screen. */
async function failing(t: Test, options: TestContextOptions) {
  const where = { apiUrl: null, staging: false, profile: null, verbose: false, json: false }
  const screens = await Promise.all(
    [
      (context: ReturnType<typeof testContext>) => runShow({ ...where, reference: 'key_abc123' }, context),
      (context: ReturnType<typeof testContext>) =>
        runList(
          {
            ...where,
            managed: null,
            unused: null,
            expiring: null,
            project: null,
            sort: 'created',
            showKeys: false,
          },
          context,
        ),
    ].map(async run => {
      const context = testContext(options)
      return { code: await runToEnd(context, () => run(context)), out: context.out(), err: context.err() }
    }),
  )
  const [first, second] = screens
  if (first === undefined || second === undefined) throw new Error('no screens')
  t.strictSame(first, second, 'the same for every command')
  return first
}

t.test('the three errors are those of the page, with exit code 3', async t => {
  const platform = referencePlatform(t)
  const invalid = await failing(t, { platform: { ...platform, credential: new Secret('flux_dev_mistyped') } })
  t.strictSame(invalid, { ...invalid, code: 3, out: '' })
  const sent = 'Sent to http://localhost: the test'
  const page = (text: string) => withoutLayout(text).filter(line => line !== sent)
  t.match(invalid.err, sent, 'ours: which platform, and which credential')
  t.strictSame(page(invalid.err), [
    '❌ Error: Invalid API key',
    ...withoutLayout(pageLines('❌ Error: Invalid API key', 'Insufficient Permissions')),
  ])
  golden(t, 'error-invalid', invalid.err, import.meta.url)

  // The page's key may not create scenarios, so its answer to that is what our request gets.
  const ci = platform.as('key_ghi789')
  const lacking: TestPlatform = {
    credential: ci.credential,
    fetch: request =>
      ci.fetch(
        new Request('http://any.origin/api/scenarios', {
          method: 'POST',
          headers: request.headers,
          body: '{"project_id":"sales-assistant","name":"x"}',
        }),
      ),
  }
  const insufficient = await failing(t, { platform: lacking })
  t.equal(insufficient.code, 3)
  t.strictSame(withoutLayout(insufficient.err), [
    '❌ Error: Insufficient permissions',
    ...withoutLayout(pageLines('❌ Error: Insufficient permissions', 'Key Expired')),
  ])
  golden(t, 'error-insufficient', insufficient.err, import.meta.url)

  platform.now = Date.UTC(2024, 1, 14, 12)
  const expired = await failing(t, { platform: platform.as('key_pqr345') })
  t.equal(expired.code, 3)
  t.match(expired.err, sent)
  t.strictSame(page(expired.err), [
    '❌ Error: API key expired',
    ...withoutLayout(pageLines('❌ Error: API key expired', 'Related Commands')),
  ])
  golden(t, 'error-expired', expired.err, import.meta.url)
  const inKiritimati = await failing(t, {
    platform: platform.as('key_pqr345'),
    timeZone: 'Pacific/Kiritimati',
  })
  t.match(inKiritimati.err, /Expired: Jan 16, 2024 \(30 days ago\)/, "in the user's days")
})

t.test('what a key really lacks is named: to list keys it needs manage_keys', async t => {
  const { code, err } = await failing(t, { platform: referencePlatform(t).as('key_ghi789') })
  t.equal(code, 3)
  t.match(err, /Required: manage_keys\nCurrent: read_scenarios, upload_results\n/)
})
