# Reference values of poly() and bs(): Rscript tests/reference/formula/make_reference.R, run in this folder.
# Needs R alone (package splines is part of it).
library(splines)
x <- c(-1.5, 0.25, 0.5, 1, 1, 2.75, 3, 4.125, 6, 7.5, 7.75, 9, 10, 10, 12.5)
new <- c(-1.25, 0, 2, 5.5, 11, 12.5)
write <- function(name, value) {
  value <- unclass(value)
  text <- apply(matrix(sprintf("%.17g", value), nrow(value)), 1, paste, collapse = ",")
  writeLines(c(paste0("# ", R.version.string), text), paste0(name, ".csv"))
}
write("x", cbind(x))
write("new", cbind(new))
p <- poly(x, 4)
write("poly4_fit", p)
write("poly4_new", predict(p, new))
far <- poly(x + 1e6, 3)
write("poly3_far_fit", far)
b <- bs(x, df = 6)
write("bs6_fit", b)
write("bs6_new", predict(b, new))
k <- bs(x, knots = c(2, 8), Boundary.knots = c(-2, 13), degree = 2)
write("bs_knots_fit", k)
write("bs_knots_new", predict(k, new))
