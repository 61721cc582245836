// The compose file: checked against the specification's own schema, and for what replicas need.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import t from 'tap'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { parse } from 'yaml'

interface Service {
  readonly command?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

const text = await readFile(new URL('../../deploy/compose.yaml', import.meta.url), 'utf8')
const compose = parse(text, { merge: true }) as { readonly services: Readonly<Record<string, Service>> }

async function schema(): Promise<object> {
  const path =
    'schemastore/schemas/json/raw.githubusercontent.com/compose-spec/compose-spec/master/schema/compose-spec.json'
  const file = createRequire(import.meta.url).resolve(path)
  // It names its dialect, and its parts, as older dialects did.
  const parsed = JSON.parse(await readFile(file, 'utf8'), (key, value: unknown) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  ) as object
  return { ...parsed, $schema: 'https://json-schema.org/draft/2019-09/schema' }
}

t.test('the compose file fits the schema of the specification', async t => {
  const ajv = new Ajv2019({ strict: false, formats: { duration: true, subnet_ip_address: true } })
  const validate = ajv.compile(await schema())
  t.ok(validate(compose), JSON.stringify(validate.errors))
  t.notOk(validate({ services: { replica: { imagine: 'x' } } }), 'it would find a field that there is not')
})

t.test('replicas wait for the tables, have time to end, and no privilege', async t => {
  const { migrate, replica } = compose.services
  t.match(replica, {
    depends_on: { migrate: { condition: 'service_completed_successfully' } },
    stop_grace_period: '40s',
    read_only: true,
    cap_drop: ['ALL'],
  })
  t.match(migrate, { command: ['fleet', 'migrate'], read_only: true })
  t.match(migrate?.environment['FLUXLOOP_KEYS_DATABASE_URL'], '//fluxloop_keys_migrator:')
  t.match(
    replica?.environment['FLUXLOOP_KEYS_DATABASE_URL'],
    '//fluxloop_keys_runner:',
    'the role without rights on tables',
  )
})

t.test('no password stands in the file', async t => {
  const values = Object.values(compose.services).flatMap(({ environment }) => Object.entries(environment))
  const secret = values.filter(([name]) => /PASSWORD|URL|KEY/.test(name))
  t.ok(secret.length > 4)
  for (const [name, value] of secret) t.match(value, /\$\{[A-Z_]+:\?\}/, name)
})
