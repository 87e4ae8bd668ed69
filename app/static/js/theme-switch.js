// Light or dark: a choice is kept and wins over the system's.
document.addEventListener('click', event => {
  if (!event.target.closest('[data-theme-switch]')) return
  const next = document.documentElement.dataset.bsTheme === 'dark' ? 'light' : 'dark'
  localStorage.setItem('theme', document.documentElement.dataset.bsTheme = next)
  document.dispatchEvent(new Event('theme'))
})
