import { inspect } from 'node:util'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { Secret } from '../../src/model/secret.ts'
import { calls, failureOf } from '../support/platform-calls.ts'
import { type Step, scriptedPlatform, sentinel, wireKey } from '../support/scripted-platform.ts'
import { overFetch } from '../../src/platform/transport.ts'

/** All that anyone could ever print of an error. */
function everything(error: unknown): string {
  const parts = [inspect(error, { depth: 20, showHidden: true }), String(error), JSON.stringify(error)]
  if (error instanceof Error) parts.push(error.stack ?? '', error.message, inspect(error.cause))
  if (error instanceof Failure) parts.push(...error.hints)
  return parts.join('\n')
}

t.test('never shows a secret or a cause, whatever a failing call was told', async t => {
  const echo = {
    detail: `you sent ${sentinel}`,
    code: sentinel,
    name: sentinel,
    required: [sentinel],
    current: [sentinel],
  }
  const other = 'flux_prod_ANOTHERanother0123456789'
  const steps: readonly Step[] = [
    ...[400, 401, 403, 404, 405, 409, 412, 418, 422, 429, 500, 503].map(status => ({ status, json: echo })),
    { status: 401, json: { ...echo, code: 'api_key_expired', expired_at: '2026-01-01T00:00:00Z' } },
    { status: 422, json: { detail: [{ loc: ['body', sentinel, other], msg: `${sentinel} ${other}` }] } },
    { status: 422, text: sentinel },
    { text: `{"key":"${other}`, headers: { 'content-type': 'application/json' } },
    { json: { key: other, api_key: { id: `not an id ${other}` } } },
    { json: { key: other, api_key: { id: other } } },
    Object.assign(new Error(sentinel, { cause: { authorization: `Bearer ${sentinel}` } }), {
      code: sentinel,
    }),
    new TypeError(`Headers.append: "Bearer ${sentinel}" is an invalid header value.`),
  ]
  for (const [name, call] of Object.entries(calls)) {
    for (const step of steps) {
      const again = Array.from({ length: 2 }, () => step)
      let requests = 0
      const { client } = scriptedPlatform(t, [], {
        maxTries: 1,
        transport: overFetch(async () => {
          const next = again[requests++] ?? new Error('end')
          if (next instanceof Error) throw next
          return new Response(next.text ?? JSON.stringify(next.json), {
            status: next.status ?? 200,
            headers: next.headers ?? {},
          })
        }),
      })
      const failure = await failureOf(call(client))
      if (failure === null || (name === 'revoke' && failure === undefined)) continue
      if (!(failure instanceof Failure)) t.fail(`${name} failed with ${inspect(failure)}`)
      if (/SENTINEL|ANOTHER/.test(everything(failure)))
        t.fail(`${name} shows a secret: ${everything(failure)}`)
      if (failure instanceof Failure && failure.cause !== undefined) t.fail(`${name} has a cause`)
    }
  }
  const { client } = scriptedPlatform(t, [])
  const failure = await failureOf(
    client.whoamiAs(new Secret('SENTINEL\nX-Injected: 1'), { maskedKey: '****...ed: 1' }),
  )
  t.match(failure, { code: 'usage' }, 'a secret that no header can carry')
  t.notMatch(everything(failure), /SENTINEL/)
})

/** A value with one part of it, anywhere, replaced by something else or removed. */
function mutated(value: unknown): fc.Arbitrary<unknown> {
  const strange = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      '__proto__',
      '../..',
      '\u001b]0;x\u0007',
      -1,
      1e308,
      '9999-99-99T99:99:99Z',
      [[]],
      {},
      undefined,
    ),
  )
  if (typeof value !== 'object' || value === null) return strange
  const parts = Object.entries(value).map(([name, part]) =>
    mutated(part).map((next): unknown => {
      if (Array.isArray(value))
        return value.map((each: unknown, index) => (String(index) === name ? next : each))
      return { ...value, [name]: next }
    }),
  )
  return fc.oneof(strange, ...parts)
}

t.test('fails with a Failure or succeeds, whatever part of an answer is wrong', async t => {
  const samples: Readonly<Record<string, unknown>> = {
    list: { api_keys: [wireKey()], next_cursor: null },
    get: wireKey(),
    create: { api_key: wireKey(), key: 'flux_ci_abcdefghijkl' },
    update: wireKey(),
    regenerate: { api_key: wireKey(), key: 'flux_ci_abcdefghijkl' },
    revoke: {},
    usage: {
      total: 1,
      by_day: { '2026-03-01': 1 },
      by_operation: { a: 1 },
      by_project: { b: 1 },
      by_operation_and_project: { a: { b: 1 } },
      addresses: [{ ip: '::1', requests: 1 }],
    },
    whoami: { account: 'a', organizations: [], api_key: wireKey() },
    projects: [{ id: 'a', name: 'b', status: 'c' }],
  }
  for (const [name, call] of Object.entries(calls)) {
    const property = fc.asyncProperty(
      mutated(samples[name]),
      fc.constantFrom(200, 200, 200, 401, 403, 422, 500),
      async (json, status) => {
        const { client } = scriptedPlatform(t, [], {
          maxTries: 2,
          transport: overFetch(
            async () =>
              new Response(JSON.stringify(json), { status, headers: { 'content-type': 'application/json' } }),
          ),
        })
        const failure = await failureOf(call(client))
        return failure === null || failure instanceof Failure
      },
    )
    await fc.assert(property, { numRuns: 150 })
    t.pass(name)
  }
})
