# Reference values of diagnostics, from R's own influence measures and shapiro.test, from lmtest and from car.
# Usage: Rscript make_r.R PENGUINS.csv LONGLEY.csv > r.json
# A weighted fit is diagnosed as the fit of sqrt(w) y on sqrt(w) X, whose errors have equal variance.

suppressMessages({library(lmtest); library(car)})

num <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
arr <- function(x) paste0("[", paste(num(unname(as.vector(x))), collapse = ", "), "]")
obj <- function(...) {
  fields <- list(...)
  paste0("{\n", paste(sprintf("\"%s\": %s", names(fields), unlist(fields)), collapse = ",\n"), "\n}")
}
test <- function(t) arr(c(t$statistic, t$parameter, t$p.value))

# Belsley, Kuh and Welsch: columns of length one, condition indices and variance proportions.
belsley <- function(X) {
  s <- svd(X / rep(sqrt(colSums(X^2)), each = nrow(X)))
  part <- t(s$v^2) / s$d^2
  list(index = s$d[1] / s$d, proportions = part / rep(colSums(part), each = nrow(part)))
}

describe <- function(y, X, w, lags) {
  root <- if (is.null(w)) rep(1, length(y)) else sqrt(w)
  ys <- root * y
  Xs <- root * X
  plain <- lm(ys ~ 0 + Xs)
  fit <- if (is.null(w)) lm(y ~ 0 + X) else lm(y ~ 0 + X, weights = w)
  b <- belsley(Xs)
  u <- residuals(plain)
  powers <- root * cbind(fitted(fit)^2, fitted(fit)^3) / c(max(abs(fitted(fit)))^2)
  reset <- anova(plain, lm(ys ~ 0 + Xs + powers))
  columns <- X[, apply(X, 2, function(x) length(unique(x)) > 1), drop = FALSE]
  koenker <- lm(u^2 ~ columns)
  n <- length(y)
  original <- sum((fitted(koenker) - mean(u^2))^2) / mean(u^2)^2 / 2
  r <- summary(koenker)$r.squared
  outlier <- outlierTest(fit, cutoff = Inf, n.max = 1)
  m <- function(k) mean((u - mean(u))^k)
  obj(
    reset = arr(c(reset$F[2], reset$Df[2], reset$Res.Df[2], reset$`Pr(>F)`[2])),
    koenker = arr(c(n * r, ncol(columns), pchisq(n * r, ncol(columns), lower.tail = FALSE))),
    breusch_pagan = arr(c(original, ncol(columns), pchisq(original, ncol(columns), lower.tail = FALSE))),
    durbin_watson = test(dwtest(ys ~ 0 + Xs, alternative = "two.sided", exact = TRUE, tol = 1e-14)),
    durbin_watson_greater = test(dwtest(ys ~ 0 + Xs, exact = TRUE, tol = 1e-14)),
    durbin_watson_normal = test(dwtest(ys ~ 0 + Xs, exact = FALSE)),
    breusch_godfrey = test(bgtest(ys ~ 0 + Xs, order = lags)),
    shapiro = test(shapiro.test(u)),
    skewness = num(m(3) / m(2)^1.5), kurtosis = num(m(4) / m(2)^2 - 3),
    outlier = arr(c(outlier$rstudent, outlier$p, outlier$bonf.p)), outlier_row = num(as.numeric(names(outlier$rstudent)) - 1),
    condition_index = arr(b$index), proportions = arr(t(b$proportions)),
    hat = arr(hatvalues(fit)), std_resid = arr(rstandard(fit)), student_resid = arr(rstudent(fit)),
    cooks_d = arr(cooks.distance(fit)), dffits = arr(dffits(fit)), dfbetas = arr(t(dfbetas(fit))))
}

# What the packages say themselves, where they take the formula as it is.
packages <- function(fit, lags) {
  obj(bptest = test(bptest(fit)), bptest_original = test(bptest(fit, studentize = FALSE)),
      resettest = test(resettest(fit, power = 2:3)), bgtest = test(bgtest(fit, order = lags)), dwtest = test(dwtest(fit, exact = TRUE)),
      vif = arr(vif(fit)))
}

penguins <- read.csv(commandArgs(trailingOnly = TRUE)[1], stringsAsFactors = TRUE)
penguins <- penguins[complete.cases(penguins[, c("body_mass_g", "flipper_length_mm", "species")]), ]
longley <- read.csv(commandArgs(trailingOnly = TRUE)[2])
species <- cbind(penguins$species == "Chinstrap", penguins$species == "Gentoo") + 0
mass <- penguins$body_mass_g
full <- cbind(1, penguins$flipper_length_mm, species)
penguins$chinstrap <- species[, 1]
penguins$gentoo <- species[, 2]
none <- cbind(penguins$flipper_length_mm, penguins$bill_depth_mm)
wide <- as.matrix(cbind(1, longley[, -7]))
weights <- (seq_along(mass) %% 5) + 0.5
versions <- paste0(R.version.string, ", lmtest ", packageVersion("lmtest"), ", car ", packageVersion("car"))

cat(obj(
  made_by = paste0("\"", versions, ", make_r.R\""),
  penguins = describe(mass, full, NULL, 5),
  penguins_packages = packages(lm(body_mass_g ~ flipper_length_mm + chinstrap + gentoo, penguins), 5),
  penguins_weighted = describe(mass, full, weights, 5),
  penguins_no_intercept = describe(mass, none, NULL, 5),
  # Few enough rows for the exact distribution of lmtest, which gives up on the whole table.
  penguins_40 = describe(mass[1:40], cbind(1, none)[1:40, ], NULL, 2),
  longley = describe(longley$Employed, wide, NULL, 1),
  longley_packages = packages(lm(Employed ~ ., longley), 1)
), "\n")
