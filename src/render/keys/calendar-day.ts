import { type Instant, day } from '../../model/duration.ts'
import { durationInWords, relativeTime } from '../text/time.ts'

/** `Jan 15, 2024`, in an IANA time zone: how the platform's page on API keys writes a day. */
export function calendarDay(at: Instant, timeZone: string): string {
  return new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeZone }).format(at)
}

/** Whole days from `now` to the end of a key, rounded down; null where it never ends. Below zero it has ended. */
export function daysRemaining(end: Instant | null, now: Instant): number | null {
  return end === null ? null : Math.floor((end - now) / day)
}

/** `Apr 15, 2024 (84 days remaining)`, `Jan 15, 2024 (30 days ago)`, `Never`. */
export function expiryInWords(end: Instant | null, now: Instant, timeZone: string): string {
  if (end === null) return 'Never'
  const distance = end > now ? `${durationInWords(end - now)} remaining` : relativeTime(end, now)
  return `${calendarDay(end, timeZone)} (${distance})`
}
