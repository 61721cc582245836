import { playFleet } from './rooms.ts'

await playFleet(2, 3)
