/** What the Pipeline clean runs on each order: its total, and nothing of orders without items. */
import type { CleanProcessor, CleanResult } from './streams.ts'

const clean: CleanProcessor = ({ value: order, ...record }): CleanResult => {
  const items = (order.items ?? []).filter((item) => item !== null)
  if (items.length === 0) return null
  const total = items.reduce((sum, { price = 0, quantity = 1 }) => sum + price * quantity, 0)
  if (total < 0) throw new Error(`order ${order.number} has a total of ${total}`)
  return { ...record, value: { number: order.number, customer: order.customer ?? null, total } }
}

export default clean
