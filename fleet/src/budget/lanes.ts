/** What requests are for, the most urgent first, with the share of a full budget that each lane leaves to those above it. */
export const reserves = { leaked: 0, heal: 0.05, create: 0.1, rotate: 0.2, plan: 0.3 } as const

export type Lane = keyof typeof reserves
