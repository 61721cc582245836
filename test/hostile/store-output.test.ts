// What the program behind a store prints when it fails, and what nobody may read in a log: secrets, in whatever form.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Secret, holdsSecret } from '../../src/model/secret.ts'
import { storeScene } from '../faults/support/store-scene.ts'
import { workplace } from '../support/program.ts'

const text = 'flux_prod_q8Zr2Lw0Xk5Vd7Ny3Tb9Hc1Mf6Jp4Gs'
const secret = new Secret(text)
const bytes = Buffer.from(text)

const base64 = (value: string | Buffer) => Buffer.from(value).toString('base64')
const backwards = (value: string) => value.split('').reverse().join('')
const each = (form: (character: string) => string) => Array.from(text, form).join('')
const hexOf = (character: string) => character.charCodeAt(0).toString(16)
const lines = (value: string, width: number, margin = '') =>
  (value.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).map(line => `${margin}${line}`).join('\n')

function base32(value: string): string {
  const bits = Array.from(Buffer.from(value), byte => byte.toString(2).padStart(8, '0')).join('')
  const digits = bits.match(/.{5}/g) ?? []
  return digits.map(digit => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(digit, 2)]).join('')
}

function dumped(value: Buffer): string {
  const rows = Array.from({ length: Math.ceil(value.length / 16) }, (_, row) =>
    value.subarray(row * 16, row * 16 + 16),
  )
  return rows
    .map(
      (row, index) =>
        `${(index * 16).toString(16).padStart(8, '0')}: ${row
          .toString('hex')
          .match(/.{1,4}/g)
          ?.join(' ')}`,
    )
    .join('\n')
}

const forms: Readonly<Record<string, string>> = {
  'as it is': `put failed: ${text}.`,
  'in other capitals': text.toUpperCase(),
  'the first half': text.slice(0, 24),
  'the second half': text.slice(20),
  'in Basic authorization': `> Authorization: Basic ${base64(`x:${text}`)}`,
  ...Object.fromEntries(
    ['', 'a', 'ab', 'abc', 'user:'].map(before => [
      `in base64 after ${before.length} bytes`,
      base64(`${before}${text}\n and what follows`),
    ]),
  ),
  'in base64 for addresses': Buffer.from(`??${text}`).toString('base64url'),
  'in base64 of a part': base64(bytes.subarray(7, 30)),
  'in base64 of base64': base64(`a${base64(`ab${text}`)}`),
  'in base64 of UTF-16': Buffer.from(text, 'utf16le').toString('base64'),
  'in base64 in lines': lines(base64(`{"some":"thing","key":"${text}"}`), 20, '    | '),
  'in base64 behind escaped line breaks': JSON.stringify(lines(base64(`?${text}`), 30)),
  'in base32': base32(`x${text}`),
  'in hex': bytes.toString('hex'),
  'in hex, in capitals': bytes.toString('hex').toUpperCase(),
  'in hex after half a byte': `a${bytes.toString('hex')}`,
  'in hex with colons': bytes.toString('hex').match(/../g)?.join(':') ?? '',
  'in hex as a list': Array.from(bytes, byte => `0x${byte.toString(16)}`).join(', '),
  'in a dump': dumped(Buffer.from(`key=${text}\n`)),
  'in percent signs': each(character => `%${hexOf(character)}`),
  'in percent signs, in capitals': each(character => `%${hexOf(character).toUpperCase()}`),
  'with some characters in percent signs': text.replaceAll('_', '%5F').replaceAll('r', '%72'),
  'in escapes of JSON': each(character => `\\u00${hexOf(character)}`),
  'with some characters in escapes of JSON': text.replaceAll('_', '\\u005f').replaceAll('8', '\\u0038'),
  'in escapes of C': each(character => `\\x${hexOf(character)}`),
  'in octal escapes': each(character => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`),
  'in entities of HTML': each(character => `&#x${hexOf(character)};`),
  'in numbers of HTML': each(character => `&#${character.charCodeAt(0)};`),
  'in a mail': lines(text.replaceAll('_', '=5F'), 20).replaceAll('\n', '=\r\n'),
  reversed: backwards(text),
  'in base64, reversed': backwards(base64(`a${text}`)),
  'reversed, in base64': base64(`a${backwards(text)}`),
  'in hex, reversed': backwards(bytes.toString('hex')),
  'in lines': lines(text, 5),
  'with a space between any two characters': each(character => `${character} `),
  'with colours': lines(text, 6).replaceAll('\n', '\u001b[31;1m\u001b[0m'),
  'in a terminal title': `\u001b]0;${text}\u0007`,
  'as a sum of strings': lines(text, 9).replaceAll('\n', '" +\n    "'),
  'with NUL characters': each(character => `${character}\0`),
  'with characters without width': each(character => `${character}\u200b`),
  'in a JSON string in a JSON string': JSON.stringify(JSON.stringify({ key: base64(text) })),
}

for (const [form, printed] of Object.entries(forms))
  t.test(`finds a secret ${form}`, async t => {
    t.ok(secret.standsIn(printed), printed)
    t.ok(secret.standsIn(`error: ${printed}: 400\n`), 'between other words')
    t.ok(holdsSecret(printed), 'among all secrets of the run')
  })

t.test('finds no secret in what programs say otherwise', async t => {
  const harmless = [
    'HTTP 401: Bad credentials (https://api.github.com/repos/acme/agents/actions/secrets)',
    'The key flux_prod_****...p4Gs of flux_prod_ is not accepted.',
    'Error from server (Forbidden): secrets "agents" is forbidden: User "ci" cannot get resource "secrets"',
    base64('flux_prod_ is how such keys begin, and the rest of them is another'),
    'a'.repeat(2_000),
    bytes.toString('base64').slice(0, 14),
    '',
  ]
  for (const words of harmless) t.notOk(secret.standsIn(words), words)
})

t.test('finds a secret at any place of a long output', async t => {
  const noise = 'What a program says before and after it, again and again.\n'.repeat(500)
  for (const form of [text, base64(`x${text}`), backwards(text)])
    for (const shift of [0, 1, 2, 3, 4]) t.ok(secret.standsIn(`${'.'.repeat(shift)}${noise}${form}${noise}`))
})

t.test('finds short secrets, and values of several words, as a whole', async t => {
  t.ok(new Secret('hunter2').standsIn('the password is hunter2'))
  t.ok(new Secret('hunter2').standsIn(base64('hunter2, says the store')))
  t.notOk(new Secret('hunter2').standsIn('a hunter with 2 dogs'))
  const login = new Secret('{"origin":"https://api.fluxloop.ai","key":"?"}')
  t.notOk(login.standsIn('cannot reach https://api.fluxloop.ai'))
  t.ok(login.standsIn('read {"origin": "https://api.fluxloop.ai", "key": "?"}'))
})

// The program gets the secret on its standard input.
const programs: Readonly<Record<string, string>> = {
  'Basic authorization': 'printf "Authorization: Basic "; printf "x:%s" "$(cat)" | base64 -w 0',
  'escapes of JSON': `cat | od -An -v -tx1 | tr -d '\\n' | sed 's/ /\\\\u00/g'`,
  'a dump': 'cat | od -c',
  'a dump in hex': 'cat | od -tx2z',
  'one half on each output': 'value=$(cat); printf "%.20s" "$value"; printf "%s" "$value" | tail -c +21 >&2',
  'more than is kept of it, and the secret at the cut': `head -c 1048560 /dev/zero | tr '\\0' x; cat`,
  'much, with the secret at its beginning': `cat; head -c 60000 /dev/zero | tr '\\0' x`,
  'the secret of another key': `cat > /dev/null; printf "had: "; cut -d= -f2 other.env | rev`,
  "the caller's credential": `cat > /dev/null; printf '%s' "$CALLER" | base64 -w 7`,
}

for (const [what, script] of Object.entries(programs))
  t.test(`shows nothing of a store program that fails and prints ${what}`, async t => {
    const scene = await storeScene(t)
    // The program's environment is cleared of it; whoever wrote the program may know it from elsewhere.
    const caller = scene.platform.env.FLUXLOOP_API_KEY
    const line = script.replace('"$CALLER"', `'${caller}'`)
    await scene.place.write('put.sh', `{ ${line}; }\nexit 3\n`)
    await scene.declare('exec: { put: [sh, put.sh] }')
    const ran = await scene.apply()
    const shown = ran.stdout + ran.stderr
    t.equal(ran.code, 7, shown)
    const words = shown.replace(/\s+/g, ' ')
    t.match(
      words,
      /sh ended with exit code 3 when asked to take the secret; its output is (withheld because it contains a secret|too long to be searched for secrets)/,
    )
    t.ok(scene.issued.length > 0)
    for (const one of [...scene.issued, caller])
      t.notOk(new Secret(one).standsIn(shown), 'no secret in any form')
    t.notMatch(shown, /Authorization: Basic|had:|xxxxx/, 'and nothing of what stands around it')
  })

t.test('shows what a store program says that holds no secret', async t => {
  const scene = await storeScene(t)
  await scene.declare('exec: { put: [sh, -c, "cat > /dev/null; echo The vault is sealed. >&2; exit 3"] }')
  const ran = await scene.apply()
  t.match(ran.stdout.replace(/\s+/g, ' '), /when asked to take the secret: The vault is sealed\./)
})

t.test('shows nothing of a store program that fails to give the secret and prints it twice', async t => {
  const scene = await storeScene(t)
  const foreign = 'another-program-knows-0123456789'
  await scene.place.write('get.sh', `printf ${foreign}; printf ${base64(`:${foreign}`)} >&2; exit 4\n`)
  await scene.declare('exec: { put: [sh, -c, "cat > store/kept"], get: [sh, get.sh] }')
  const ran = await scene.apply()
  const shown = ran.stdout + ran.stderr
  t.match(shown.replace(/\s+/g, ' '), /when asked to give the secret; its output is withheld/)
  t.notOk(new Secret(foreign).standsIn(shown))
})

/** A delivered key, one of whose stores takes a secret while the file `open` is there. */
async function regenerated(t: Test, ...more: readonly string[]) {
  const scene = await storeScene(t)
  const { place, platform } = scene
  await place.write('put.sh', 'test -e open && cat > /dev/null\n')
  await place.write('open', '')
  await scene.declare('exec: { put: [sh, put.sh] }')
  t.equal((await scene.apply()).code, 0)
  await rm(join(place.work, 'open'))
  const run = (...args: readonly string[]) => place.run(args, { env: platform.env })
  const line = ['apikeys', 'regenerate', 'agents', '--force', ...more]
  const ran = await run(...line)
  return { ...scene, ran, run, shown: ran.stdout + ran.stderr, newest: scene.issued.at(-1) ?? '' }
}

for (const flags of [[], ['--json']])
  t.test(`prints no secret into a pipe where a store fails: regenerate ${flags.join('')}`, async t => {
    const { ran, run, shown, issued, newest, platform, place } = await regenerated(t, ...flags)
    t.equal(ran.code, 7, shown)
    for (const secret of issued) t.notOk(new Secret(secret).standsIn(shown))
    const words = ran.stderr.replace(/\s+/g, ' ')
    t.match(words, /was regenerated, and its new secret is in env-file .*first\.env .*but: sh ended with/)
    t.match(
      words,
      'The new secret was not printed. fluxloop-keys apply brings it to the stores that lack it.',
    )
    t.match(await place.read('first.env'), newest)
    t.ok(await platform.holder(newest), 'it works, and is lost to nobody')
    await place.write('open', '')
    t.equal((await run('apply', '--auto-approve')).code, 0)
    t.equal((await run('plan', '--detailed-exitcode')).code, 0, 'all stores have it')
  })

t.test('prints the secret where a store fails and --quiet asks for it', async t => {
  const { ran, newest } = await regenerated(t, '--quiet')
  t.match(ran, { code: 7, stdout: `${newest}\n`, stderr: /The new secret was printed/ })
})

t.test('says that a secret is lost where no store took it and it may not be printed', async t => {
  const scene = await storeScene(t)
  const { place, platform, issued } = scene
  const run = (...args: readonly string[]) => place.run(args, { env: platform.env })
  await place.write('put.sh', 'test -e open && cat > /dev/null\n')
  await place.write('open', '')
  await place.write(
    'fluxloop-keys.yaml',
    `version: 1
stack: faults
keys:
  agents: { name: Agents, scope: all, permissions: [read_scenarios], expires: 90d, store: { exec: { put: [sh, put.sh] } } }
`,
  )
  t.equal((await run('apply', '--auto-approve')).code, 0)
  await rm(join(place.work, 'open'))
  const ran = await run('apikeys', 'regenerate', 'agents', '--force')
  t.equal(ran.code, 1, ran.stderr)
  for (const secret of issued) t.notOk(new Secret(secret).standsIn(ran.stdout + ran.stderr))
  const words = ran.stderr.replace(/\s+/g, ' ')
  t.match(words, /nobody has its new secret: sh ended with exit code 1/)
  t.match(words, /its new one is lost\. Run: fluxloop-keys apikeys regenerate key_/)
})

t.test('makes and regenerates nothing where the secret would go into a pipe unasked', async t => {
  const { place, platform } = await storeScene(t)
  const run = (...args: readonly string[]) => place.run(args, { env: platform.env })
  const made = await run('apikeys', 'create', '--name', 'Deploy', '--quiet')
  t.ok(await platform.holder(made.stdout.trim()), 'with --quiet it is printed')
  platform.forget()
  for (const args of [
    ['create', '--name', 'Another'],
    ['regenerate', 'Deploy', '--force'],
  ]) {
    const refused = await run('apikeys', ...args)
    t.match(refused, { code: 2, stdout: '', stderr: /standard output is not a terminal/ })
    t.match(refused.stderr, '--quiet')
  }
  t.notOk(
    platform.requests.some(request => !request.startsWith('GET ')),
    platform.requests.join(),
  )
  t.ok(await platform.holder(made.stdout.trim()), 'the old secret works')
  const json = await run('apikeys', 'regenerate', 'Deploy', '--force', '--json')
  const { key } = JSON.parse(json.stdout) as { readonly key: string }
  t.ok(await platform.holder(key), 'with --json it is printed with the key')
})

t.test('prints the key of a sandbox into a pipe only with --json', async t => {
  const place = await workplace(t)
  const first = (...args: readonly string[]) =>
    new Promise<string>(resolve => {
      void place.run(['sandbox', '--port', '0', ...args], {
        watch: child => {
          let text = ''
          child.stdout?.on('data', (more: Buffer) => {
            text += String(more)
            if (!/Ctrl-C|api_key/.test(text)) return
            child.kill('SIGTERM')
            resolve(text)
          })
        },
      })
    })
  t.notMatch(await first(), /flux_\w+_\w/)
  t.match(await first('--json'), /flux_\w+_\w{8}/)
})
