import { type Attributes, SpanStatusCode, trace } from '@opentelemetry/api'
import { masked } from './masked.ts'

/** The spans of the fleet, and what each is about. */
export interface SpanAttributes {
  readonly 'fleet.tick': { readonly due?: number; readonly queued?: number }
  readonly 'fleet.stack': {
    readonly stack: string
    readonly mode: 'plan' | 'apply'
    readonly outcome?: string
    readonly epoch?: number
  }
  /** One listing of an account, for all its stacks. */
  readonly 'fleet.list': { readonly account?: string; readonly keys?: number }
}

export type SpanName = keyof SpanAttributes

function maskedAttributes(attributes: object): Attributes {
  const known = Object.entries(attributes as Record<string, string | number>)
  return Object.fromEntries(
    known.map(([name, value]) => [`fluxloop.${name}`, typeof value === 'string' ? masked(value) : value]),
  )
}

/**
 * Runs `work` in a span of OpenTelemetry, which goes to whatever SDK the process has registered; with none this costs nothing. What
 * is known only later (the outcome) goes through `note`. A rejection ends the span with an error and is passed on.
 */
export async function span<Name extends SpanName, Result>(
  name: Name,
  attributes: SpanAttributes[Name],
  work: (note: (more: Partial<SpanAttributes[Name]>) => void) => Promise<Result>,
): Promise<Result> {
  const tracer = trace.getTracer('fluxloop-keys-fleet')
  return await tracer.startActiveSpan(name, { attributes: maskedAttributes(attributes) }, async open => {
    try {
      return await work(more => open.setAttributes(maskedAttributes(more)))
    } catch (cause) {
      const message = masked(cause instanceof Error ? cause.message : String(cause))
      open.setStatus({ code: SpanStatusCode.ERROR, message })
      throw cause
    } finally {
      open.end()
    }
  })
}
