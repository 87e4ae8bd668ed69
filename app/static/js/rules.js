// The form of a segment of rules: the builder, the text that is posted, and the count, each following the other.
import { Builder } from './rules/builder.js'
import { Live } from './rules/live.js'
import * as tree from './rules/tree.js'

const page = document.querySelector('[data-rules]')
const text = page.querySelector('[name=rules]')
const box = page.querySelector('[data-builder]')
const fault = page.querySelector('[data-fault]')

const read = () => {
  if (!text.value.trim()) return { all: [] }
  const raw = JSON.parse(text.value)
  if (!tree.canBeDrawn(raw)) throw new SyntaxError('not drawn')
  return tree.rooted(raw)
}

// What cannot be read is left alone, and the builder with it, until it can be read again.
const complain = said => {
  fault.hidden = !said
  fault.textContent = said
  box.inert = Boolean(said)
  text.classList.toggle('is-invalid', Boolean(said))
}

const start = async () => {
  const answer = await fetch(page.dataset.vocabulary)
  if (!answer.ok) return // the text alone does everything
  const told = problems => {
    if (box.inert && problems.length) complain(`${problems[0].message} It is left as it is.`)
    else builder.mark(problems.map(bare))
  }
  const live = new Live(page, told, hits => builder.count(hits))
  const ask = root => {
    const conditions = tree.conditionsOf(root)
    if (conditions.length) live.ask(JSON.stringify(root), conditions)
    else live.rest('Add a condition, and they are counted while you write.')
    page.querySelector('[data-sql]').hidden = !conditions.length
  }
  const builder = new Builder(box, await answer.json(), root => {
    text.value = tree.written(root)
    complain('')
    ask(root)
  })
  const follow = () => {
    try {
      const root = read()
      complain('')
      return root
    } catch (error) {
      complain(error.message === 'not drawn' ? 'This is JSON, but no rules. It is left as it is.' : 'This is no JSON yet. It is left as it is.')
      live.ask(text.value, []) // the server says where
      return undefined
    }
  }

  let timer
  text.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      const root = follow()
      if (!root) return
      builder.replace(root)
      ask(root)
    }, 300)
  })
  page.addEventListener('click', event => {
    if (event.target.closest('[data-again]')) live.again(JSON.stringify(builder.root))
  })

  const root = follow()
  box.hidden = false
  page.querySelector('[data-plain]').hidden = true
  page.querySelector('[data-text]').open = !root
  builder.show(root ?? { all: [] })
  if (!root) return
  builder.mark([...page.querySelectorAll('[data-text] [data-problem]')].map(one => bare({ path: one.dataset.problem, message: one.dataset.said })))
  ask(root)
}

// The form speaks of rules.all[0], the rules of themselves as all[0].
const bare = problem => ({ ...problem, path: problem.path.replace(/^rules\.?/, '') })

start()
