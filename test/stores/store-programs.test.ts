// Stores that run programs: the user's own commands, and the official tools of other services.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { second } from '../../src/model/duration.ts'
import { type PresetName, presetOf } from '../../src/model/presets/presets.ts'
import { Secret } from '../../src/model/secret.ts'
import type { StoreSpec } from '../../src/model/store.ts'
import { createStores } from '../../src/stores/open.ts'
import { rehearse } from '../../src/stores/rehearsal.ts'
import { failed, folder } from '../support/failed.ts'
import { openCluster } from '../support/cluster.ts'
import { needs } from '../support/needs.ts'
import { type Answer, type StandIn, standIn } from '../support/stand-in.ts'

const text = 'flux_ci_sentinel0123456789'
const secret = new Secret(text)
const base64 = Buffer.from(text).toString('base64')

function open(spec: StoreSpec, env: NodeJS.ProcessEnv = process.env) {
  return createStores({ env, keychainHelper: { command: 'false', args: [] } }).open(spec)
}

function withPath(stand: StandIn): NodeJS.ProcessEnv {
  const ours = { FLUXLOOP_API_KEY: 'flux_ci_caller', NODE_DEBUG: 'http', VAULT_ADDR: 'http://v' }
  return { ...process.env, ...ours, PATH: `${stand.folder}:${process.env['PATH'] ?? ''}` }
}

interface Row {
  readonly settings: Readonly<Record<string, string>>
  readonly label: string
  /** Where it is not `get`. */
  readonly probe?: string
  readonly put: string
  /** Of `put`, where it is more than the secret. */
  readonly input?: string
  /** Its calls where there is nothing yet, in their order, and what the tool says then. */
  readonly first?: { readonly calls: readonly string[]; readonly answers: readonly Answer[] }
  readonly answers?: readonly Answer[]
  readonly get: string | null
  readonly printed?: string
  readonly remove: string
  readonly absent: string
  /** Asked where it says `absent`, since the tool says that of what it may not see, too. */
  readonly list?: string
}

const rows = {
  'github-actions': {
    settings: { repo: 'acme/agents', environment: 'prod', name: 'FLUXLOOP_API_KEY' },
    label: 'github-actions acme/agents prod (FLUXLOOP_API_KEY)',
    probe: 'gh secret list --repo acme/agents --env prod',
    put: 'gh secret set FLUXLOOP_API_KEY --repo acme/agents --env prod',
    get: null,
    remove: 'gh secret delete FLUXLOOP_API_KEY --repo acme/agents --env prod',
    absent:
      'failed to delete secret FLUXLOOP_API_KEY: HTTP 404 (https://api.github.com/repos/acme/agents/environments/prod/secrets/FLUXLOOP_API_KEY)',
    list: 'gh secret list --repo acme/agents --env prod',
  },
  'gitlab-ci': {
    settings: { project: 'acme/agents', scope: 'prod', protected: 'true', name: 'KEY' },
    label: 'gitlab-ci acme/agents prod (KEY)',
    put: 'glab variable update KEY --masked --raw --protected --repo acme/agents --scope prod',
    first: {
      calls: [
        'glab variable update KEY --masked --raw --protected --repo acme/agents --scope prod',
        'glab variable set KEY --masked --raw --protected --repo acme/agents --scope prod',
      ],
      answers: [{ words: ['update'], code: 1, stderr: '404 Variable Not Found' }],
    },
    get: 'glab variable get KEY --repo acme/agents --scope prod',
    remove: 'glab variable delete KEY --repo acme/agents --scope prod',
    absent:
      'GET https://gitlab.com/api/v4/projects/acme/agents/variables/KEY: 404 {message: 404 Variable Not Found}',
    list: 'glab variable list --repo acme/agents',
  },
  vault: {
    settings: { mount: 'kv', path: 'acme/ci', field: 'key' },
    label: 'vault kv/acme/ci (key)',
    put: 'vault kv put -mount=kv -cas=7 acme/ci key=-',
    answers: [{ words: ['metadata'], stdout: '{"data":{"current_version":7}}' }],
    first: {
      calls: [
        'vault kv metadata get -mount=kv -format=json acme/ci',
        'vault kv put -mount=kv -cas=0 acme/ci key=-',
      ],
      answers: [{ words: ['metadata'], code: 2, stderr: 'No value found at kv/metadata/acme/ci' }],
    },
    get: 'vault kv get -mount=kv -field=key acme/ci',
    remove: 'vault kv metadata delete -mount=kv acme/ci',
    absent: 'Field "key" not present in secret',
  },
  'aws-secrets-manager': {
    settings: { name: 'acme/ci', region: 'eu-central-1' },
    label: 'aws-secrets-manager acme/ci eu-central-1',
    put: 'aws secretsmanager put-secret-value --secret-id acme/ci --secret-string file:///dev/stdin --region eu-central-1',
    first: {
      calls: [
        'aws secretsmanager put-secret-value --secret-id acme/ci --secret-string file:///dev/stdin --region eu-central-1',
        'aws secretsmanager create-secret --name acme/ci --secret-string file:///dev/stdin --region eu-central-1',
      ],
      answers: [{ words: ['put-secret-value'], code: 254, stderr: 'An error (ResourceNotFoundException)' }],
    },
    get: 'aws secretsmanager get-secret-value --secret-id acme/ci --query SecretString --output text --region eu-central-1',
    printed: `${text}\n`,
    remove:
      'aws secretsmanager delete-secret --secret-id acme/ci --force-delete-without-recovery --region eu-central-1',
    absent: 'An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation',
  },
  'gcp-secret-manager': {
    settings: { name: 'acme-ci', project: 'acme' },
    label: 'gcp-secret-manager acme acme-ci',
    put: 'gcloud secrets versions add acme-ci --data-file=- --project acme --quiet',
    first: {
      calls: [
        'gcloud secrets versions add acme-ci --data-file=- --project acme --quiet',
        'gcloud secrets create acme-ci --replication-policy=automatic --data-file=- --project acme --quiet',
      ],
      answers: [
        { words: ['add'], code: 1, stderr: 'NOT_FOUND: Secret [projects/1/secrets/acme-ci] not found.' },
      ],
    },
    get: 'gcloud secrets versions access latest --secret=acme-ci --project acme',
    remove: 'gcloud secrets delete acme-ci --project acme --quiet',
    absent:
      'ERROR: (gcloud.secrets.versions.access) NOT_FOUND: Secret [projects/1/secrets/acme-ci] not found or has no versions.',
  },
  'azure-key-vault': {
    settings: { vault: 'acme', name: 'ci' },
    label: 'azure-key-vault acme ci',
    put: 'az keyvault secret set --vault-name acme --name ci --file /dev/stdin --encoding utf-8 --output none',
    get: 'az keyvault secret show --vault-name acme --name ci --query value --output tsv',
    printed: `${text}\n`,
    remove: 'az keyvault secret delete --vault-name acme --name ci --output none',
    absent: '(SecretNotFound) A secret with (name/id) ci was not found',
  },
  kubernetes: {
    settings: { namespace: 'agents', secret: 'fluxloop', name: 'API_KEY' },
    label: 'kubernetes agents/fluxloop (API_KEY)',
    probe: 'kubectl auth can-i patch secrets/fluxloop --quiet --namespace agents',
    put: 'kubectl apply --server-side --field-manager=fluxloop-keys.API_KEY --validate=false --namespace agents --filename=-',
    input: `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"fluxloop","namespace":"agents"},"type":"Opaque","data":{"API_KEY":"${base64}"}}`,
    get: 'kubectl get secret fluxloop --namespace agents --ignore-not-found --output=go-template={{with .data}}{{with index . "API_KEY"}}{{.}}{{end}}{{end}}',
    printed: base64,
    remove:
      'kubectl apply --server-side --field-manager=fluxloop-keys.API_KEY --validate=false --namespace agents --filename=-',
    absent: 'Error from server (NotFound): namespaces "agents" not found',
  },
  '1password': {
    settings: { vault: 'Agents', item: 'CI key' },
    label: '1password Agents/CI key',
    put: 'op item edit CI key --vault Agents',
    input: `{"title":"CI key","category":"API_CREDENTIAL","fields":[{"id":"credential","type":"CONCEALED","label":"credential","value":"${text}"}]}`,
    first: {
      calls: ['op item edit CI key --vault Agents', 'op item create --vault Agents -'],
      answers: [{ words: ['edit'], code: 1, stderr: '"CI key" isn\'t an item in the "Agents" vault' }],
    },
    get: 'op read --no-newline op://Agents/CI key/credential',
    remove: 'op item delete CI key --vault Agents',
    absent: '"CI key" isn\'t an item',
  },
  pass: {
    settings: { path: 'acme/ci' },
    label: 'pass acme/ci',
    put: 'pass insert --multiline --force acme/ci',
    get: 'pass show acme/ci',
    remove: 'pass rm --force acme/ci',
    absent: 'Error: acme/ci is not in the password store.',
    list: 'pass ls',
  },
  doppler: {
    settings: { project: 'agents', config: 'prd', name: 'KEY' },
    label: 'doppler agents prd (KEY)',
    put: 'doppler secrets set KEY --project agents --config prd --no-interactive --silent',
    get: 'doppler secrets get KEY --plain --project agents --config prd',
    printed: `${text}\n`,
    remove: 'doppler secrets delete KEY --yes --silent --project agents --config prd',
    absent: 'Doppler Error: Could not find requested secret: KEY',
  },
} as const satisfies Readonly<Record<PresetName, Row>>

const notThere = ({ absent }: Row): Answer => ({ words: [], code: 1, stderr: absent })

for (const [name, row] of Object.entries(rows) as [PresetName, Row][]) {
  t.test(`keeps a secret by ${name}: on standard input alone, with exactly these arguments`, async t => {
    const { program } = presetOf(name)
    const stand = standIn(join(folder(t), 'bin'), [program])
    const env = withPath(stand)
    const store = open({ kind: 'preset', preset: name, settings: row.settings }, env)
    const commands = () =>
      stand.calls().map(call => {
        const all = JSON.stringify([call.args, call.env])
        t.notOk(all.includes(text) || all.includes(base64), 'the secret is in no argument')
        t.notOk(call.env.includes('FLUXLOOP_API_KEY'), 'our own credential stays with us')
        t.notOk(call.env.includes('NODE_DEBUG'), 'nor does what makes programs talk reach it')
        t.ok(call.env.includes('VAULT_ADDR'), 'the settings of the tool reach it')
        return { line: [call.program, ...call.args].join(' '), input: call.input }
      })

    const asked = (line: string) => [line, ...(row.list === undefined ? [] : [row.list])]
    const absent = [{ words: row.list?.split(' ').slice(1) ?? ['no', 'list'] }, notThere(row)]

    await store.probe()
    const probe = row.probe ?? row.get ?? ''
    t.strictSame(commands(), [{ line: probe, input: '' }])
    stand.answer(absent)
    if (row.probe === undefined) {
      await store.probe()
      t.strictSame(
        commands().map(({ line }) => line),
        asked(probe),
        'a place that is still empty is one',
      )
    }
    stand.answer([{ words: [], code: 1, stderr: 'you may not look there' }])
    t.match(await failed(store.probe()), { message: /you may not look there$/, hints: [/^Install /] })
    commands()

    stand.answer(row.answers ?? [])
    t.equal(await store.put(secret), row.label)
    t.strictSame(commands().at(-1), { line: row.put, input: row.input ?? text })
    if (row.first !== undefined) {
      stand.answer(row.first.answers)
      await store.put(secret)
      t.strictSame(
        commands().map(({ line }) => line),
        row.first.calls,
        'where there is nothing yet',
      )
    }
    stand.answer([{ words: [], code: 1, stderr: `it will not take $INPUT, ${base64}` }])
    const refusal = await failed(store.put(secret))
    t.match(refusal, { message: new RegExp(`^${program} ended with exit code 1 `) })
    t.notOk(JSON.stringify(refusal).includes(text) || refusal.message.includes(base64), 'scrubbed')
    commands()

    t.equal(store.readable, row.get !== null)
    t.equal(store.readable, presetOf(name).readable)
    if (row.get !== null) {
      stand.answer([{ words: [], stdout: row.printed ?? text }])
      t.ok((await store.get())?.equals(secret))
      t.strictSame(commands(), [{ line: row.get, input: '' }])
      stand.answer(absent)
      t.equal(await store.get(), null, 'no such secret')
      t.strictSame(
        commands().map(({ line }) => line),
        asked(row.get),
      )
      stand.answer([{ words: [], code: 1, stdout: text, stderr: `after ${text} it cannot connect` }])
      const unreachable = await failed(store.get())
      t.match(unreachable, { message: /its output is withheld because it contains a secret$/ })
      t.notOk(unreachable.message.includes(text), 'what it printed is not quoted')
      commands()
    }

    stand.answer([])
    await store.remove()
    t.equal(commands()[0]?.line, row.remove)
    stand.answer(absent)
    await store.remove()
    t.strictSame(
      commands().map(({ line }) => line),
      asked(row.remove),
    )
    stand.answer([{ words: [], code: 1, stderr: 'forbidden' }])
    t.match(await failed(store.remove()), { message: /forbidden$/ })

    const missing = open({ kind: 'preset', preset: name, settings: row.settings }, { PATH: '/nowhere' })
    t.match(await failed(missing.probe()), {
      code: 'not-found',
      message: `The program ${program} is not installed here`,
      hints: [/Install /],
    })
  })
}

t.test('takes no store for empty that cannot be seen', async t => {
  const stand = standIn(join(folder(t), 'bin'), ['gh', 'glab'])
  const opened = (preset: PresetName) =>
    open({ kind: 'preset', preset, settings: rows[preset].settings }, withPath(stand))
  const cases = [
    ['github-actions', 'remove', rows['github-actions'].absent],
    ['gitlab-ci', 'get', '404 Not Found'],
    ['gitlab-ci', 'remove', '404 Not Found'],
  ] as const
  for (const [preset, method, stderr] of cases) {
    stand.answer([{ words: [], code: 1, stderr }])
    t.match(await failed(opened(preset)[method]()), {
      message: /^\w+ ended with exit code 1 when asked to list what is at the place of the secret: /,
      hints: [/does not count as empty/, /login/],
    })
  }
})

t.test('takes no failure for an empty store, whatever the names in it', async t => {
  const stand = standIn(join(folder(t), 'bin'), ['glab', 'aws', 'gcloud', 'az', 'kubectl'])
  const cases: readonly (readonly [PresetName, string])[] = [
    [
      'gitlab-ci',
      'GET https://gitlab.com/api/v4/projects/acme/404/variables/E404: 401 {message: Unauthorized}',
    ],
    [
      'gitlab-ci',
      'GET https://gitlab.com/api/v4/projects/acme/b/variables/K: 404 {message: 404 Project Not Found}',
    ],
    ['aws-secrets-manager', 'An error occurred (AccessDeniedException): ResourceNotFoundException'],
    ['gcp-secret-manager', 'PERMISSION_DENIED: denied on projects/1/secrets/NOT_FOUND'],
    ['azure-key-vault', '(Forbidden) The user may not get SecretNotFound'],
    ['kubernetes', 'Error from server (NotFound): the server could not find the requested resource'],
  ]
  for (const [preset, stderr] of cases) {
    stand.answer([{ words: ['list'] }, { words: [], code: 1, stderr }])
    const { settings } = rows[preset]
    await t.rejects(
      open({ kind: 'preset', preset, settings }, withPath(stand)).remove(),
      { code: 'failed' },
      stderr,
    )
  }
})

t.test(
  'keeps the reason of a failure, which stands first or last, and names the way out of a conflict',
  async t => {
    const stand = standIn(join(folder(t), 'bin'), ['kubectl', 'aws'])
    // As kubectl 1.32 prints it.
    const conflict = `error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.KEY
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
`
    stand.answer([{ words: [], code: 1, stderr: conflict }])
    const settings = { namespace: 'ci', secret: 'flux', name: 'KEY' }
    const failure = await failed(
      open({ kind: 'preset', preset: 'kubernetes', settings }, withPath(stand)).put(secret),
    )
    t.match(failure, {
      message:
        /take the secret: error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply"/,
      hints: [
        /owns this field[^]*kubectl patch secret flux --namespace ci --type=json '--patch=\[\{"op":"remove","path":"\/data\/KEY"\}\]'$/,
      ],
    })
    t.match(failure.message, /#conflicts$/)
    const trace = `Traceback (most recent call last):\n${'  File "x.py", line 1\n'.repeat(50)}EndpointError: no route to host`
    stand.answer([{ words: [], code: 1, stderr: trace }])
    const { settings: own } = rows['aws-secrets-manager']
    const late = await failed(
      open({ kind: 'preset', preset: 'aws-secrets-manager', settings: own }, withPath(stand)).get(),
    )
    t.match(late.message, /Traceback[^]* … [^]*EndpointError: no route to host$/)
  },
)

const exec = (overrides: Partial<Extract<StoreSpec, { kind: 'exec' }>>): StoreSpec => ({
  kind: 'exec',
  put: ['true'],
  get: null,
  remove: null,
  timeout: 20 * second,
  local: false,
  trial: null,
  ...overrides,
})

t.test('keeps a secret by programs of the user, through standard input and output', async t => {
  const file = join(folder(t), 'secret')
  const shell = (script: string) => ['sh', '-c', script, 'sh', file]
  const store = open(
    exec({
      put: shell('cat > "$1"'),
      get: shell('test ! -e "$1" || cat "$1"'),
      remove: shell('rm -f "$1"'),
    }),
  )
  await store.probe()
  t.equal(await store.get(), null, 'nothing printed is nothing there')
  t.match(await store.put(secret), /^exec sh -c /)
  t.equal(readFileSync(file, 'utf8'), text, 'just the secret, with no line break')
  t.ok((await store.get())?.equals(secret))
  writeFileSync(file, `${text}\n`)
  t.ok((await store.get())?.equals(secret), 'one line break at the end is none of the secret')
  await store.remove()
  t.equal(await store.get(), null)
})

t.test('says what a program of the user did wrong, without the secret', async t => {
  const loud = open(exec({ put: ['sh', '-c', 'echo "no room for $(cat)" >&2; exit 3'] }))
  const refused = await failed(loud.put(secret))
  t.equal(
    refused.message,
    'sh ended with exit code 3 when asked to take the secret; its output is withheld because it contains a secret',
  )
  const coded = open(exec({ put: ['sh', '-c', 'base64; exit 1'] }))
  t.notMatch((await failed(coded.put(secret))).message, base64.slice(0, 12))
  const unreadable = open(exec({}))
  t.notOk(unreadable.readable)
  t.match(await failed(unreadable.remove()), { message: /no `remove` command$/ })
  t.match(await failed(open(exec({ put: ['no-such-program'] })).probe()), { code: 'not-found' })
  t.match(await failed(open(exec({ put: ['no-such-program'] })).put(secret)), { code: 'not-found' })
  const both = createStores({ env: process.env, keychainHelper: { command: 'false', args: [] } })
  const probed = await both.probe([exec({ get: ['true'] }), exec({ get: ['no-such-program'] })])
  t.match([...probed.values()], [null, { code: 'not-found' }], 'each program is looked for')
  const file = join(folder(t), 'plain')
  writeFileSync(file, 'echo')
  chmodSync(file, 0o644)
  t.match(await failed(open(exec({ put: [file] })).put(secret)), { message: /may not be run$/ })
})

t.test('ends a program that does not end, and its children with it', async t => {
  const file = join(folder(t), 'pid')
  const store = open(exec({ put: ['sh', '-c', `sleep 600 & echo $! > ${file}; wait`], timeout: 3 * second }))
  t.match(await failed(store.put(secret)), { message: 'sh did not end within 3 seconds' })
  const pid = Number(readFileSync(file, 'utf8'))
  const isAlive = () => {
    try {
      return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
    } catch {
      return false
    }
  }
  for (let tries = 0; tries < 100 && isAlive(); tries += 1) await new Promise(done => setTimeout(done, 20))
  t.notOk(isAlive(), 'the child is gone, too')
})

t.test('gives a program a pipe that it can open by name, and arguments that no shell reads', async t => {
  const file = join(folder(t), 'secret')
  const copy = open(exec({ put: ['cp', '/dev/stdin', file] }))
  await copy.put(secret)
  t.equal(readFileSync(file, 'utf8'), text)
  const kinds = open(
    exec({ put: ['sh', '-c', 'test -p /dev/stdin && test "$1" = \'$(id) "; *\'', 'sh', '$(id) "; *'] }),
  )
  await kinds.put(secret)
})

t.test('waits for a program, and not for what it leaves running', async t => {
  const store = open(
    exec({
      put: ['sh', '-c', 'cat >/dev/null; sleep 3 & echo $!'],
      get: ['sh', '-c', 'sleep 30 & echo $!'],
    }),
  )
  await store.put(secret)
  const left = await store.get()
  t.match(left?.reveal(), /^\d+$/)
  process.kill(Number(left?.reveal()))
})

t.test('keeps our credential from programs, whatever the name it stands under', async t => {
  const env = {
    ...process.env,
    PLATFORM_TOKEN: `Bearer ${text}`,
    LOGIN: 'flux_user_abc_def-ghi_jkl-mno_pqr-stu',
    FLUXLOOP_API_KEY: 'x',
    FLUXLOOP_SYNC_API_KEY: 'of-another-form-0123',
    COPY: 'Bearer of-another-form-0123',
    ENCODED: Buffer.from('of-another-form-0123').toString('base64'),
    GH_TOKEN: 'theirs, x',
    KUBECONFIG: '/home/me/flux_dev_tools/bin:/home/me/flux_prod_cluster/config',
  }
  const seen = await open(exec({ get: ['env'] }), env).get()
  t.match(seen?.reveal(), /^GH_TOKEN=theirs, x$/m, 'too short a key takes nothing else along')
  t.match(seen?.reveal(), /^KUBECONFIG=.*flux_dev_tools/m, 'nor does a folder that is named like one')
  t.notMatch(seen?.reveal(), /PLATFORM_TOKEN|LOGIN|FLUXLOOP_API_KEY|COPY|ENCODED|flux_ci|flux_user/)
})

t.test('takes a program that reads nothing, and one that prints without end', async t => {
  t.match(await open(exec({ put: ['true'] })).put(new Secret('x'.repeat(1 << 20))), /^exec true/)
  const endless = open(exec({ get: ['sh', '-c', 'yes | head -c 5000000'] }))
  t.ok(((await endless.get())?.reveal().length ?? 0) <= 1 << 20)
})

t.test('keeps a secret in a real pass, encrypted by a real gpg', async t => {
  if (!needs(t, 'pass') || !needs(t, 'gpg')) return
  const home = mkdtempSync(join(tmpdir(), 'fk-pass-'))
  const gnupg = join(home, 'gnupg')
  mkdirSync(gnupg, { mode: 0o700 })
  const env = { ...process.env, HOME: home, GNUPGHOME: gnupg, PASSWORD_STORE_DIR: join(home, 'store') }
  t.teardown(() => {
    execFileSync('gpgconf', ['--kill', 'all'], { env })
    rmSync(home, { recursive: true, force: true })
  })
  const quick = ['--batch', '--passphrase', '', '--quick-generate-key', 'ci@example.com', 'default']
  execFileSync('gpg', [...quick, 'default', 'never'], { env, stdio: 'ignore' })
  const store = open({ kind: 'preset', preset: 'pass', settings: { path: 'fluxloop/acme/ci' } }, env)
  t.match(await failed(store.probe()), { hints: [/pass init/] })
  execFileSync('pass', ['init', 'ci@example.com'], { env, stdio: 'ignore' })
  await store.probe()
  t.equal(await store.get(), null)
  t.equal(await store.put(secret), 'pass fluxloop/acme/ci')
  t.equal(execFileSync('pass', ['show', 'fluxloop/acme/ci'], { env }).toString(), text)
  t.ok((await store.get())?.equals(secret))
  await store.put(new Secret('flux_ci_another'))
  t.equal((await store.get())?.reveal(), 'flux_ci_another')
  await store.remove()
  await store.remove()
  t.equal(await store.get(), null)
  rmSync(env.PASSWORD_STORE_DIR, { recursive: true })
  t.match(await failed(store.get()), { hints: [/does not count as empty/, /login/] })
})

t.test('keeps a secret through a real kubectl, in one field of a Secret', async t => {
  if (!needs(t, 'kubectl')) return
  const cluster = await openCluster()
  t.teardown(cluster.close)
  const config = join(folder(t), 'config')
  writeFileSync(config, cluster.kubeconfig)
  const settings = { namespace: 'agents', secret: 'fluxloop', name: 'API_KEY' }
  const env = { ...process.env, HOME: folder(t), KUBECONFIG: config }
  const store = open({ kind: 'preset', preset: 'kubernetes', settings }, env)
  await store.probe()
  t.equal(await store.get(), null)
  t.equal(await store.put(secret), 'kubernetes agents/fluxloop (API_KEY)')
  t.strictSame(cluster.applied(), {
    path: '/api/v1/namespaces/agents/secrets/fluxloop',
    type: 'application/apply-patch+yaml',
    manager: 'fluxloop-keys.API_KEY',
    data: { API_KEY: base64 },
  })
  t.ok((await store.get())?.equals(secret))
  await store.remove()
  t.strictSame(cluster.applied()?.data, {}, 'our field leaves, and no other')
  t.equal(await store.get(), null)
})

t.test('gives a real gh arguments that it takes', async t => {
  if (!needs(t, 'gh')) return
  const env = { PATH: process.env['PATH'], HOME: folder(t), GH_TOKEN: 'none', GH_HOST: 'github.invalid' }
  const settings = { repo: 'github.invalid/acme/agents', environment: 'prod', name: 'FLUXLOOP_API_KEY' }
  const store = open({ kind: 'preset', preset: 'github-actions', settings }, env)
  const { message } = await failed(store.put(secret))
  t.match(message, /github\.invalid/, 'it went as far as asking for the way there')
  t.notMatch(message, /unknown flag|accepts \d arg|Usage:/)
})

t.test(
  'writes where gh has secrets of its own, and what it says there is asked of the right host',
  async t => {
    const stand = standIn(join(folder(t), 'bin'), ['gh'])
    const cases = [
      [
        { repo: 'acme/agents', name: 'K' },
        'gh secret list --repo acme/agents',
        'gh secret set K --repo acme/agents',
      ],
      [
        { org: 'acme', visibility: 'all', name: 'K' },
        'gh secret list --org acme',
        'gh secret set K --org acme --visibility all',
      ],
      [
        { org: 'acme', repos: 'a,b', name: 'K' },
        'gh secret list --org acme',
        'gh secret set K --org acme --repos a,b',
      ],
      [
        { repo: 'ghe.acme.com/acme/agents', environment: 'prod', name: 'K' },
        'gh secret list --repo ghe.acme.com/acme/agents --env prod',
        'gh secret set K --repo ghe.acme.com/acme/agents --env prod',
      ],
    ] as const
    for (const [settings, probe, put] of cases) {
      const store = open({ kind: 'preset', preset: 'github-actions', settings }, withPath(stand))
      await store.probe()
      await store.put(secret)
      t.strictSame(
        stand.calls().map(({ program, args }) => [program, ...args].join(' ')),
        [probe, put],
      )
    }
  },
)

t.test('is tried next to the place of a key by doctor', async t => {
  const stand = standIn(join(folder(t), 'bin'), ['pass', 'gh'])
  const stores = createStores({
    env: withPath(stand),
    keychainHelper: { command: 'false', args: [] },
  })
  const tried = async (preset: PresetName, settings: Readonly<Record<string, string>>) => {
    const steps = await rehearse({ kind: 'preset', preset, settings }, stores, 'n0nce')
    return [steps, stand.calls().map(({ program, args }) => [program, ...args].join(' '))]
  }
  t.strictSame(await tried('github-actions', { repo: 'acme/agents', name: 'KEY' }), [
    ['probe', 'put', 'remove'],
    [
      'gh secret list --repo acme/agents',
      'gh secret set KEY_DOCTOR_N0NCE --repo acme/agents',
      'gh secret delete KEY_DOCTOR_N0NCE --repo acme/agents',
    ],
  ])
  stand.answer([{ words: ['show'], stdout: 'no-secret-n0nce' }])
  await t.rejects(tried('pass', { path: 'ci' }), { message: 'pass ci keeps what is removed from it' })
})
