// Every `sh` block of the README and of docs/ runs as it stands, page by page: one home and one sandbox for each page, its blocks one after
// the other. What cannot run says why in a comment before it. test/support/documents.ts says what such comments may be.
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Block, blocksOf, documentPages, linksOf, readDocument } from '../support/documents.ts'
import { needs } from '../support/needs.ts'
import { type Ended, type Workplace, asUsersDo, ended, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'
import { commandLines, programCall } from '../support/shell-lines.ts'

const pages = documentPages().filter(page => page === 'README.md' || page.startsWith('docs/'))

/** What a page begins with, unless it says `<!-- home: empty -->`: the keys that the examples speak of, applied. */
const usual = `version: 1
stack: acme-agents
defaults:
  expires: 90d
  rotate: { maxAge: 60d, grace: 48h }
keys:
  ci-pipeline:
    name: CI pipeline
    owner: platform-team
    environment: ci
    scope: [customer-support-bot]
    permissions: [read_scenarios, upload_results]
  backup-service:
    name: Backup service
    owner: data-team
    scope: [customer-support-bot]
    permissions: [read_results]
`

/** A file takes the place of the keychain, which is a matter of the machine. */
function withFileStore(configuration: string): string {
  if (/^ +store:/m.test(configuration) || !configuration.includes('\nkeys:')) return configuration
  const store = '  store: { env-file: { path: "{key}.env", name: FLUXLOOP_API_KEY } }'
  return configuration.includes('\ndefaults:\n')
    ? configuration.replace('\ndefaults:\n', `\ndefaults:\n${store}\n`)
    : configuration.replace('\nkeys:', `\ndefaults:\n${store}\nkeys:`)
}

/** Programs of others that examples pipe into or run: they read their input to its end. */
const others = ['npm', 'make', 'gh']

async function addPrograms(place: Workplace): Promise<void> {
  await mkdir(join(place.root, 'bin'))
  const program = `#!/bin/sh\nexec ${asUsersDo.join(' ')} "$@"\n`
  const texts: readonly (readonly [string, string])[] = [
    ...others.map(name => [`bin/${name}`, '#!/bin/sh\ncat >/dev/null\n'] as const),
    ['work/simulate', '#!/bin/sh\n'],
    ['bin/fluxloop-keys', program],
    ['bin/npx', '#!/bin/sh\n[ "$1" = --no-install ] || exit 1\nshift\nexec "$@"\n'],
  ]
  for (const [name, text] of texts) {
    const file = join(place.root, name)
    await writeFile(file, text)
    await chmod(file, 0o755)
  }
}

/** Nobody is here to answer a question: what a reader approves by `yes` is approved by a flag. */
function approved(words: readonly string[]): readonly string[] {
  const asks = ['apply', 'rotate', 'revoke', 'leak', 'break-glass'].includes(words[0] ?? '')
  const isAnswered = words.some(
    word => ['--auto-approve', '--dry-run'].includes(word) || /\.json$/.test(word),
  )
  if (asks && !isAnswered) return [...words, '--auto-approve']
  const writes = words[0] === 'import' || (words[0] === 'audit' && words.includes('--fix'))
  return writes && !words.includes('--write') ? [...words, '--write'] : words
}

/** Programs of others that examples take as they are. */
const real = ['jq', 'openssl']

interface Home {
  readonly place: Workplace
  readonly env: Record<string, string>
  readonly platform: ServedPlatform
}

async function runLine(line: string, { place, env }: Home): Promise<Ended> {
  const [, name, value = ''] = /^export (\w+)=(["']?[^$`]*["']?)$/.exec(line) ?? []
  if (name !== undefined) {
    // The key of a document is nobody's: the sandbox's own stays.
    if (name !== 'FLUXLOOP_API_KEY') env[name] = value.replaceAll(/^["']|["']$/g, '')
    return { code: 0, signal: null, stdout: '', stderr: '' }
  }
  const words = programCall(line)
  if (words !== null) return await place.run(approved(words), { env })
  return await ended('bash', ['-c', `set -o pipefail; ${line}`], {
    cwd: place.work,
    env: { ...place.env, ...env, GITHUB_ENV: 'github.env' },
  })
}

async function play(t: Test, block: Block, home: Home): Promise<void> {
  const { page, line: at, note, text } = block
  const [, file] = /^file: (\S+)$/.exec(note) ?? []
  if (file !== undefined) {
    await home.place.write(file, withFileStore(`${text}\n`))
    return
  }
  if (block.language !== 'sh' || note.startsWith('not run: ')) return
  const expected = Number(/^exit: (\d+)$/.exec(note)?.[1] ?? 0)
  const lines = text.includes('<<') ? [text] : commandLines(text)
  for (const line of lines) {
    if (!real.filter(name => new RegExp(`\\b${name} `).test(line)).every(name => needs(t, name))) continue
    home.platform.forget()
    const { code, stdout, stderr } = await runLine(line, home)
    // An audit that finds something has run as well.
    const isFine = code === expected || (code === 6 && line.includes(' audit'))
    t.ok(isFine, `${page}:${at}: ${line}: ${code}\n${stderr}${stdout}`.slice(0, 1_500))
    if (page === 'README.md' && line === 'fluxloop-keys plan')
      t.equal(home.platform.requests.length, 3, 'the README counts them')
  }
}

async function openHome(t: Test, page: string): Promise<Home> {
  const platform = await servedPlatform(t)
  const place = await workplace(t, platform.env)
  await addPrograms(place)
  const PATH = `${join(place.root, 'bin')}:${place.env['PATH'] ?? ''}`
  const home = { place, env: { PATH }, platform }
  if (readDocument(page).includes('<!-- home: empty -->')) return home
  await place.write('fluxloop-keys.yaml', withFileStore(usual))
  t.equal((await place.run(['apply', '--auto-approve'])).code, 0, 'the keys of the examples')
  return home
}

const isPlayed = ({ language, note }: Block): boolean => language === 'sh' && !note.startsWith('not run: ')

for (const page of pages) {
  const blocks = blocksOf(page)
  // The tutorial is played below.
  if (!blocks.some(isPlayed) || page === 'docs/tutorial.md') continue
  t.test(`every command of ${page} runs as it stands`, async t => {
    const home = await openHome(t, page)
    for (const block of blocks) await play(t, block, home)
  })
}

t.test('links lead from docs/index.md to a key that CI rotated', async t => {
  const [tutorial] = linksOf('docs/index.md').filter(({ target }) => target === 'tutorial.md')
  const page = tutorial?.file ?? ''
  const home = await openHome(t, page)
  for (const block of blocksOf(page)) await play(t, block, home)
  const { stdout } = await home.place.run(['list', '--json'], { env: home.env })
  const { keys } = JSON.parse(stdout) as { keys: { key: string; generation: number | null }[] }
  t.match(keys, [{ key: 'ci-pipeline' }])
  t.same(
    keys.map(({ generation }) => generation),
    [2, 1],
    'a successor is at work, and its predecessor retires',
  )
})

t.test('a block of commands is called one, and what does not run says why', t => {
  const blocks = pages.flatMap(blocksOf)
  t.ok(blocks.filter(isPlayed).length > 30, 'most of them run')
  const where = ({ page, line }: Block) => `${page}:${line}`
  t.strictSame(blocks.filter(({ language }) => language === '').map(where), [], 'each says what it is')
  // The reference is generated, and shows the form of each command line as text.
  const others = blocks.filter(
    ({ page, language }) => page !== 'docs/reference.md' && !['sh', 'fish', 'console'].includes(language),
  )
  t.strictSame(
    others.filter(({ text }) => /^(?:\$ |npx |npm |fluxloop-keys )/m.test(text)).map(where),
    [],
    'commands are sh',
  )
  const reasons = blocks.filter(({ note }) => note.startsWith('not run'))
  t.strictSame(reasons.filter(({ note }) => !/^not run: .{20,}$/.test(note)).map(where), [], 'with a reason')
  t.end()
})
