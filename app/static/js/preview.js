// The mail beside its editor: asked for again half a second after the last change; an older question is dropped.
const panel = document.querySelector('[data-preview]')
const form = document.getElementById(panel.dataset.form) ?? panel.closest('form')
const shown = panel.querySelector('[data-previewed]')
const WAITS = 500
let timer
let call

const choice = name => panel.querySelector(`[name=${name}]:checked`)?.value
const fit = () => {
  const frame = shown.querySelector('iframe')
  const room = shown.querySelector('.phone')?.parentElement
  if (!frame || !room) return
  const width = Number(choice('view-width'))
  const space = room.clientWidth - 24
  frame.style.width = `${width}px`
  frame.style.zoom = Math.min(1, space / width)
  frame.closest('.phone').style.width = `${Math.min(width, space) + 2}px`
}
const turn = () => {
  const frame = shown.querySelector('iframe')
  const wanted = frame && `${frame.dataset.src}?light=${choice('view-light')}`
  if (frame && frame.getAttribute('src') !== wanted) frame.src = wanted
  for (const one of shown.querySelectorAll('[data-view]')) one.hidden = one.dataset.view !== choice('view-part')
  fit()
}
const settle = () => {
  const said = shown.querySelector('[data-name]')
  if (said) panel.querySelector('[data-as-name]').textContent = said.dataset.name
  const lacks = shown.querySelector('[data-lacking]')
  if (lacks) panel.querySelector('[data-lacks-list]').replaceChildren(...lacks.children)
  const checks = shown.querySelector('[data-checks]')
  const beside = document.querySelector('[data-checks-here]')
  if (checks && beside) beside.replaceChildren(...checks.children)
  turn()
  const problems = [...shown.querySelectorAll('[data-block-problem]')]
  document.dispatchEvent(new CustomEvent('previewed', { detail: {
    problems: problems.map(one => ({ path: one.dataset.blockProblem, message: one.dataset.said })),
  } }))
}
const ask = async (more = {}) => {
  clearTimeout(timer)
  call?.abort()
  call = new AbortController()
  const body = new FormData(form)
  for (const [name, value] of Object.entries(more)) body.set(name, value)
  panel.setAttribute('aria-busy', 'true')
  try {
    const answer = await fetch(panel.dataset.preview, { method: 'POST', body, headers: { 'HX-Request': 'true' }, signal: call.signal })
    if (!answer.ok) throw new Error(String(answer.status))
    shown.innerHTML = await answer.text()
    settle()
  } catch (error) {
    if (error.name === 'AbortError') return
    panel.querySelector('[data-away]').hidden = false
  }
  panel.querySelector('[data-away]').hidden = shown.querySelector('[data-name]') !== null
  panel.removeAttribute('aria-busy')
}
const later = event => {
  if (event.target.closest('[data-not-kept]')) return
  clearTimeout(timer)
  timer = setTimeout(ask, WAITS)
}

for (const kind of ['input', 'change']) form.addEventListener(kind, later)
panel.addEventListener('change', event => {
  if (event.target.name?.startsWith('view-')) turn()
  if (event.target.matches('[data-of-segment]')) ask({ step: 'among', of_segment: event.target.value, lacks: '' })
})
panel.addEventListener('click', event => {
  const button = event.target.closest('button')
  if (!button) return
  const menu = panel.querySelector('[popover]')
  if (button.dataset.as) ask({ step: 'chosen', as: button.dataset.as })
  else if (button.dataset.step) ask({ step: button.dataset.step })
  else if ('lacks' in button.dataset) ask({ step: 'among', lacks: button.dataset.lacks, of_segment: panel.querySelector('[data-of-segment]')?.value ?? '' })
  else if ('again' in button.dataset) return ask()
  else return
  if (menu?.matches(':popover-open')) menu.hidePopover()
})
addEventListener('resize', fit)
ask()
