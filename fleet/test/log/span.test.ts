import { type Attributes, type Span, type SpanStatus, type Tracer, context, trace } from '@opentelemetry/api'
import t from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import { span } from '../../src/log/span.ts'

interface Recorded {
  readonly name: string
  readonly attributes: Attributes
  status: SpanStatus | null
  ends: number
}

/** A tracer provider that keeps its spans, registered as an SDK registers its own. */
function recordSpans(): Recorded[] {
  const spans: Recorded[] = []
  const begin = (name: string, attributes: Attributes): Span => {
    const kept: Recorded = { name, attributes: { ...attributes }, status: null, ends: 0 }
    spans.push(kept)
    const made: Span = {
      spanContext: () => ({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }),
      setAttribute: (key, value) => made.setAttributes({ [key]: value }),
      setAttributes: more => {
        Object.assign(kept.attributes, more)
        return made
      },
      addEvent: () => made,
      addLink: () => made,
      addLinks: () => made,
      setStatus: status => {
        kept.status = status
        return made
      },
      updateName: () => made,
      end: () => void (kept.ends += 1),
      isRecording: () => true,
      recordException: () => undefined,
    }
    return made
  }
  const tracer: Tracer = {
    startSpan: (name, options = {}) => begin(name, options.attributes ?? {}),
    startActiveSpan: (name: string, ...rest: unknown[]) => {
      const work = rest.at(-1) as (open: Span) => never
      const options = (rest.length > 1 ? rest[0] : {}) as { readonly attributes?: Attributes }
      const open = begin(name, options.attributes ?? {})
      return context.with(trace.setSpan(context.active(), open), () => work(open))
    },
  }
  trace.setGlobalTracerProvider({ getTracer: () => tracer })
  return spans
}

t.test('runs the work and passes on its result where no SDK is registered', async t => {
  const notes: string[] = []
  const result = await span('fleet.tick', {}, async note => {
    note({ due: 3 })
    notes.push('worked')
    return 7
  })
  t.strictSame([result, notes], [7, ['worked']])
  await t.rejects(
    span('fleet.tick', {}, async () => {
      throw new Error('no')
    }),
    { message: 'no' },
  )
})

t.test('ends each span once, with what the work noted', async t => {
  const spans = recordSpans()
  t.teardown(() => trace.disable())
  const result = await span('fleet.stack', { stack: 'acme/one', mode: 'apply' }, async note => {
    note({ outcome: 'ok', epoch: 4 })
    return await span('fleet.list', { account: 'acme' }, async () => 'listed')
  })
  t.equal(result, 'listed')
  t.strictSame(spans, [
    {
      name: 'fleet.stack',
      attributes: {
        'fluxloop.stack': 'acme/one',
        'fluxloop.mode': 'apply',
        'fluxloop.outcome': 'ok',
        'fluxloop.epoch': 4,
      },
      status: null,
      ends: 1,
    },
    { name: 'fleet.list', attributes: { 'fluxloop.account': 'acme' }, status: null, ends: 1 },
  ])
})

t.test('ends a span with an error where the work fails, without a secret', async t => {
  const spans = recordSpans()
  t.teardown(() => trace.disable())
  const secret = new Secret('T4lisman-Wert-0123456789-abcdefgh')
  const failure = new Error(`the server said ${secret.reveal()}`)
  const failed = span('fleet.stack', { stack: secret.reveal(), mode: 'plan' }, async () => {
    throw failure
  })
  await t.rejects(failed, failure)
  t.match(spans, [{ status: { code: 2, message: '[text that held a secret]' }, ends: 1 }])
  t.notMatch(JSON.stringify(spans), 'T4lisman')
})
