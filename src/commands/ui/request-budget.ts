import { type Instant, type Milliseconds, hour } from '../../model/duration.ts'
import { platformLimit } from '../../model/budget.ts'

/** What a page that nobody looks at may take of what the platform allows: a third, so that runs have the rest. */
const share = Math.floor(platformLimit.requests / 3)

/** How many requests the page made within the last hour, and how long it has to wait for the next ones. */
export class RequestBudget {
  private readonly made: { readonly at: Instant; readonly requests: number }[] = []

  /** `requests`: of one refresh. */
  note(at: Instant, requests: number): void {
    this.made.push({ at, requests })
  }

  private within(at: Instant): readonly { readonly at: Instant; readonly requests: number }[] {
    return this.made.filter(each => each.at > at - hour)
  }

  /** What is left for use figures, besides a listing. */
  left(at: Instant): number {
    return Math.max(0, share - this.within(at).reduce((sum, { requests }) => sum + requests, 0))
  }

  /** The earliest pause after which that number of requests fits; `usual` where it fits at once. */
  pause(at: Instant, requests: number, usual: Milliseconds): Milliseconds {
    let pause = usual
    for (const { at: before } of this.within(at)) {
      if (this.left(at + pause) >= requests) break
      pause = Math.max(usual, before + hour - at + 1)
    }
    return pause
  }
}
