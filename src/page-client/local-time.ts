const two = (value: number) => String(Math.abs(value)).padStart(2, '0')

/** The reader's own time, in the same order of year, month and day everywhere: `2026-11-22 15:05 +01:00`. */
function localTime(iso: string): string {
  const at = new Date(iso)
  const offset = -at.getTimezoneOffset()
  const sign = offset < 0 ? '-' : '+'
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const hours = two(Math.trunc(offset / 60))
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())} ${sign}${hours}:${two(offset % 60)}`
}

/** Tells what a moment is by the reader's clock, once the pointer is over it. */
export function showLocalTimes(): void {
  document.addEventListener('pointerover', ({ target }) => {
    if (!(target instanceof HTMLTimeElement) || target.dataset['local'] !== undefined) return
    target.dataset['local'] = ''
    target.title = `${target.title}, ${localTime(target.dateTime)} here`
  })
}
