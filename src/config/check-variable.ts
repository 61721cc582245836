import { whyReserved } from '../model/reserved-variable.ts'
import { type Located, type Report, diagnosticFor } from './parts.ts'

/** Reports a variable that programs obey: a secret under its name would break or mislead them. */
export function checkVariable(at: Located<unknown>, name: string, report: Report): void {
  const why = whyReserved(name)
  if (why === null) return
  const message = `${name} ${why}, so no secret may be written to it`
  const hint = 'Give the variable a name of its own, such as FLUXLOOP_API_KEY.'
  report(diagnosticFor(at, { code: 'reserved-variable', message, hint }))
}
