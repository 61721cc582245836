/** What a plan, an approval or a report is about. */
export interface Subject {
  /** The API's origin, such as `https://api.fluxloop.ai`. */
  readonly platform: string
  readonly account: string
  readonly stack: string
}
