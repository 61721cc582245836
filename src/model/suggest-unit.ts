/** The hint for a period that lacks its unit: 90 is probably 90d. None where something else is wrong. */
export function suggestUnit(text: string, unit: 's' | 'm' | 'h' | 'd'): readonly string[] {
  return /^[1-9]\d{0,5}$/.test(text) ? [`Did you mean ${text}${unit}?`] : []
}
