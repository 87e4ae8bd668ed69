// A mail as a list of blocks: the cards, the palette, the pictures to pick, and the text that is posted.
import { Cards } from './composer/cards.js'
import { drags } from './composer/drag.js'
import { Mail } from './composer/mail.js'

const page = document.querySelector('[data-composer]')
const text = page.querySelector('[name=blocks]')
const words = JSON.parse(page.dataset.words)
const live = page.querySelector('[data-live]')
const picker = page.querySelector('[data-picker]')
const fault = page.querySelector('[data-fault]')
words.kinds = Object.fromEntries(words.kinds.map(kind => [kind.name, kind]))

const tell = said => { live.textContent = said }
const read = () => {
  const raw = JSON.parse(text.value || '[]')
  if (!Array.isArray(raw) || !raw.every(canBeDrawn)) throw new SyntaxError('no blocks')
  return raw
}
const canBeDrawn = one => one && Object.hasOwn(words.kinds, one.kind)
  && (one.kind !== 'columns' || (Array.isArray(one.columns) && one.columns.every(column => Array.isArray(column) && column.every(canBeDrawn))))
  && (one.kind !== 'social' || Array.isArray(one.networks))

const complain = said => {
  fault.hidden = !said
  fault.textContent = said
  page.querySelector('[data-cards]').inert = Boolean(said)
}

const start = blocks => {
  let isOwn = false
  const mail = new Mail(blocks, () => {
    text.value = mail.written
    isOwn = true
    text.dispatchEvent(new Event('input', { bubbles: true })) // for whoever keeps or draws the form
    isOwn = false
    buttons()
  })
  const buttons = () => {
    page.querySelector('[data-undo]').disabled = !mail.past.length
    page.querySelector('[data-redo]').disabled = !mail.future.length
  }
  const label = path => words.kinds[mail.at(path).kind].label
  const choose = path => { cards.chosen = path; cards.problems = []; cards.draw() }
  const place = path => `${path.at(-1) + 1} of ${mail.list(path).length}`
  const focus = (path, act) => page.querySelector(`[data-path="${CSS.escape(JSON.stringify(path))}"] [data-act="${act}"]`)?.focus()

  const acts = {
    choose(path) {
      choose(path)
      if (path) page.querySelector('.is-chosen [data-part]')?.focus({ preventScroll: true })
    },
    shift(path, by) {
      const list = mail.list(path)
      const goal = path.at(-1) + by
      if (goal < 0 || goal >= list.length) return
      acts.move(path, [...path.slice(0, -1), by > 0 ? goal + 1 : goal])
    },
    move(from, to) {
      const act = document.activeElement?.dataset.act ?? 'grip'
      const wasChosen = JSON.stringify(cards.chosen) === JSON.stringify(from)
      const there = mail.move(from, to)
      choose(wasChosen ? there : null)
      focus(there, act)
      if (document.activeElement === document.body) focus(there, 'grip') // its button may be off at the end of the list
      tell(`${label(there)} moved to place ${place(there)}.`)
    },
    duplicate(path) {
      const next = [...path.slice(0, -1), path.at(-1) + 1]
      mail.duplicate(path)
      choose(next)
      focus(next, 'open')
      tell(`${label(next)} duplicated.`)
    },
    remove(path) {
      const said = label(path)
      mail.remove(path)
      choose(null)
      const next = [...path.slice(0, -1), Math.max(0, path.at(-1) - 1)]
      if (mail.at(next)) focus(next, 'open')
      else page.querySelector('[data-adds]').focus()
      tell(`${said} removed. Ctrl Z brings it back.`)
    },
    add(kind, path) {
      if (!kind) return
      mail.insert(path, structuredClone(words.kinds[kind].fresh))
      acts.choose(path)
      page.querySelector('.is-chosen')?.scrollIntoView({ block: 'nearest' })
      tell(`${words.kinds[kind].label} added at place ${place(path)}.`)
    },
    take(path, found) {
      mail.lay(path, Object.fromEntries(['src', 'alt', 'href'].filter(name => found[name]).map(name => [name, found[name]])))
      cards.draw()
    },
    pick,
  }
  const cards = new Cards(page.querySelector('[data-cards]'), words, mail, acts)
  const travel = way => {
    if (!mail[way]()) return
    if (cards.chosen && !mail.at(cards.chosen)) cards.chosen = null
    cards.draw()
    tell(way === 'undo' ? 'Undone.' : 'Done again.')
  }
  const mayGo = (from, list) => !list.length || words.inside.includes(mail.at(from).kind)

  drags(page.querySelector('[data-cards]'), mayGo, acts.move)
  page.addEventListener('click', event => {
    const add = event.target.closest('[data-adds]')
    if (add) acts.add(add.dataset.adds, [cards.chosen ? cards.chosen[0] + 1 : mail.blocks.length])
    if (event.target.closest('[data-undo]')) travel('undo')
    if (event.target.closest('[data-redo]')) travel('redo')
  })
  page.addEventListener('keydown', event => {
    if (event.target === text || picker.contains(event.target)) return
    const card = event.target.closest('[data-path]')
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (event.altKey && step && card) {
      event.preventDefault()
      acts.shift(JSON.parse(card.dataset.path), step)
    }
    if (!(event.ctrlKey || event.metaKey) || !['z', 'y'].includes(event.key.toLowerCase())) return
    event.preventDefault()
    travel(event.shiftKey || event.key.toLowerCase() === 'y' ? 'redo' : 'undo')
  })
  text.addEventListener('input', () => {
    if (isOwn) return
    try {
      mail.blocks = read()
      complain('')
      cards.draw()
    } catch { complain('This is no list of blocks yet. The cards stay as they were.') }
  })
  document.addEventListener('previewed', event => cards.mark(event.detail.problems))
  page.querySelector('[data-tools]').hidden = false
  buttons()
  cards.draw()
  cards.mark([...page.querySelectorAll('[data-problem]')].map(one => ({ path: one.dataset.problem, message: one.dataset.said })))
}

// The media library, as a dialog; the address can still be typed.
let taken = () => {}
const search = picker.querySelector('input')
const look = async () => {
  const q = search.value
  const answer = await fetch(`${picker.dataset.from}?q=${encodeURIComponent(q)}`, { headers: { 'HX-Request': 'true' } })
  if (answer.ok && q === search.value) picker.querySelector('[data-found]').innerHTML = await answer.text()
}
function pick(does) {
  taken = does
  picker.showModal()
  look()
}
let timer
picker.addEventListener('input', event => {
  event.stopPropagation()
  clearTimeout(timer)
  timer = setTimeout(look, 250)
})
picker.addEventListener('keydown', event => { if (event.key === 'Enter' && event.target.matches('input')) event.preventDefault() })
picker.addEventListener('click', event => {
  const found = event.target.closest('[data-picks]')
  if (!found) return
  picker.close()
  taken(found.dataset)
})

try {
  start(read())
} catch {
  page.querySelector('[data-text]').open = true
  complain('These blocks cannot be drawn. They are left as they are.')
}
