// A grip drags its block with mouse, pen or finger; a line shows where it would go. The page scrolls at its edges.
const EDGE = 60
const STEP = 14

export const drags = (box, mayGo, dropped) => {
  let held = null
  const line = document.createElement('li')
  line.className = 'blk-line'
  line.setAttribute('aria-hidden', 'true')

  const pathOf = element => JSON.parse(element.dataset.path)
  const aim = event => {
    const below = document.elementFromPoint(event.clientX, event.clientY)
    const list = below?.closest('[data-list]')
    if (!list || !box.contains(list) || held.card.contains(list) || !mayGo(pathOf(held.card), JSON.parse(list.dataset.list))) return
    const cards = [...list.children].filter(one => one.dataset.path && one !== held.card)
    const next = cards.find(one => event.clientY < one.getBoundingClientRect().top + one.offsetHeight / 2)
    list.insertBefore(line, next ?? null)
    held.goal = [...JSON.parse(list.dataset.list), next ? pathOf(next).at(-1) : list.querySelectorAll(':scope > [data-path]').length]
  }
  const scroll = event => {
    if (event.clientY < EDGE) scrollBy(0, -STEP)
    else if (event.clientY > innerHeight - EDGE) scrollBy(0, STEP)
  }
  const end = isDone => {
    if (!held) return
    const { card, goal } = held
    held = null
    line.remove()
    card.classList.remove('is-held')
    if (isDone && goal) dropped(pathOf(card), goal)
  }

  box.addEventListener('pointerdown', event => {
    const grip = event.target.closest('[data-grip]')
    if (!grip || event.button || held) return // a second finger drags nothing
    event.preventDefault()
    grip.focus()
    grip.setPointerCapture(event.pointerId)
    held = { card: grip.closest('[data-path]'), goal: null, by: event.pointerId }
    held.card.classList.add('is-held')
  })
  box.addEventListener('pointermove', event => {
    if (held?.by !== event.pointerId) return
    aim(event)
    scroll(event)
  })
  box.addEventListener('pointerup', event => { if (held?.by === event.pointerId) end(true) })
  box.addEventListener('pointercancel', event => { if (held?.by === event.pointerId) end(false) })
  box.addEventListener('keydown', event => { if (event.key === 'Escape' && held) end(false) })
}
