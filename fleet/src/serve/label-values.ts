import { escapeControls, redactSecrets } from '../../../src/render/text/escape.ts'
import { cut } from '../../../src/render/text/layout.ts'

/** Stands for all values beyond the bound. */
const otherValues = 'other'
const longest = 120

/** The values of one label, as many as a time series database can bear and no more. */
export class LabelValues {
  private readonly known = new Map<string, string>()
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  of(value: string): string {
    const before = this.known.get(value)
    if (before !== undefined) return before
    if (this.known.size >= this.most) return otherValues
    const label = cut(escapeControls(redactSecrets(value)), longest)
    this.known.set(value, label)
    return label
  }

  /** Gives the label that the value had and no other value has any more; null: there is none. */
  forget(value: string): string | null {
    const label = this.known.get(value)
    this.known.delete(value)
    if (label === undefined || [...this.known.values()].includes(label)) return null
    return label
  }
}
