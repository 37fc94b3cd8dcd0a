# Reference values of inference, from R's lm and its methods and, for sandwich covariances, from matrix algebra in base R.
# Usage: Rscript make_r.R PENGUINS.csv > r.json   (also writes longley.csv beside itself when run in this folder)

num <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
arr <- function(x) paste0("[", paste(num(unname(as.vector(x))), collapse = ", "), "]")
obj <- function(...) {
  fields <- list(...)
  paste0("{\n", paste(sprintf("\"%s\": %s", names(fields), unlist(fields)), collapse = ",\n"), "\n}")
}

# Sandwich covariances. Scores w e x; bread from the QR factor of sqrt(w) X.
sandwich_parts <- function(fit) {
  X <- model.matrix(fit)
  w <- if (is.null(fit$weights)) rep(1, nrow(X)) else fit$weights
  R <- qr.R(qr(sqrt(w) * X, LAPACK = FALSE))
  stopifnot(identical(qr(sqrt(w) * X)$pivot, seq_len(ncol(X))))
  white <- t(backsolve(R, t(X), transpose = TRUE))           # rows R^-T x
  list(white = white, R = R, w = w, e = unname(residuals(fit)), h = unname(hatvalues(fit)),
       n = nrow(X), k = ncol(X))
}
se_of <- function(parts, meat) {
  root <- backsolve(parts$R, diag(parts$k))
  sqrt(diag(root %*% meat %*% t(root)))
}
hc <- function(parts, type) {
  omega <- (parts$w * parts$e)^2
  omega <- switch(type, HC0 = omega, HC1 = omega * parts$n / (parts$n - parts$k),
                  HC2 = omega / (1 - parts$h), HC3 = omega / (1 - parts$h)^2)
  se_of(parts, crossprod(parts$white * sqrt(omega)))
}
cluster_meat <- function(parts, g) {
  s <- rowsum(parts$white * (parts$w * parts$e), g)
  G <- nrow(s)
  crossprod(s) * G / (G - 1) * (parts$n - 1) / (parts$n - parts$k)
}
hac <- function(parts, lags) {
  u <- parts$white * (parts$w * parts$e)
  meat <- crossprod(u)
  for (l in seq_len(lags)) {
    G <- crossprod(u[-seq_len(l), , drop = FALSE], u[seq_len(parts$n - l), , drop = FALSE])
    meat <- meat + (1 - l / (lags + 1)) * (G + t(G))
  }
  se_of(parts, meat)
}

describe <- function(fit, newdata) {
  s <- summary(fit)
  p <- sandwich_parts(fit)
  f <- s$fstatistic
  # R warns that a weighted fit assumes weight one for new observations: that is the convention wanted here.
  observation <- suppressWarnings(predict(fit, newdata, interval = "prediction"))
  confidence <- predict(fit, newdata, interval = "confidence", level = 0.9)
  obj(estimate = arr(coef(s)[, 1]), std_error = arr(coef(s)[, 2]), statistic = arr(coef(s)[, 3]),
      p_value = arr(coef(s)[, 4]), conf_low = arr(confint(fit)[, 1]), conf_high = arr(confint(fit)[, 2]),
      n = num(p$n), df_resid = num(fit$df.residual), r_squared = num(s$r.squared), adj_r_squared = num(s$adj.r.squared),
      sigma = num(s$sigma), f_statistic = num(f[1]), f_p_value = num(pf(f[1], f[2], f[3], lower.tail = FALSE)),
      log_likelihood = num(logLik(fit)), aic = num(AIC(fit)), bic = num(BIC(fit)), rss = num(deviance(fit)),
      hat = arr(head(hatvalues(fit), 8)), std_resid = arr(head(rstandard(fit), 8)),
      cooks_d = arr(head(cooks.distance(fit), 8)), loo_sigma = arr(head(influence(fit)$sigma, 8)),
      observation_low = arr(observation[, 2]), observation_high = arr(observation[, 3]),
      confidence_low = arr(confidence[, 2]), confidence_high = arr(confidence[, 3]),
      HC0 = arr(hc(p, "HC0")), HC1 = arr(hc(p, "HC1")), HC2 = arr(hc(p, "HC2")), HC3 = arr(hc(p, "HC3")),
      HAC3 = arr(hac(p, 3)))
}

penguins <- read.csv(commandArgs(trailingOnly = TRUE)[1], stringsAsFactors = TRUE)
penguins <- penguins[complete.cases(penguins[, c("body_mass_g", "flipper_length_mm", "species")]), ]
fit <- lm(body_mass_g ~ flipper_length_mm + species, penguins)
new <- data.frame(flipper_length_mm = c(180, 201.5, 240), species = c("Adelie", "Gentoo", "Chinstrap"))
parts <- sandwich_parts(fit)
one <- cluster_meat(parts, penguins$bill_length_mm %/% 2)
two <- cluster_meat(parts, penguins$bill_depth_mm %/% 1)
both <- cluster_meat(parts, paste(penguins$bill_length_mm %/% 2, penguins$bill_depth_mm %/% 1))
nested <- anova(lm(body_mass_g ~ flipper_length_mm, penguins), fit)

robust_f <- function(meat, df) {
  # Wald test of all slopes, over its degrees of freedom.
  root <- backsolve(parts$R, diag(parts$k))
  V <- (root %*% meat %*% t(root))[-1, -1]
  b <- coef(fit)[-1]
  drop(b %*% solve(V, b)) / length(b)
}

write.csv(longley, "longley.csv", row.names = FALSE)
weights <- (1:16 %% 5) + 0.5
new_longley <- longley[c(2, 9, 16), ] * 1.01

cat(obj(
  made_by = paste0("\"", R.version.string, ", make_r.R\""),
  penguins = describe(fit, new),
  penguins_more = obj(
    cluster = arr(se_of(parts, one)), two_way = arr(se_of(parts, one + two - both)),
    cluster_f = num(robust_f(one)), anova_f = num(nested$F[2]), anova_p = num(nested$`Pr(>F)`[2])),
  penguins_no_intercept = describe(lm(body_mass_g ~ 0 + flipper_length_mm + bill_depth_mm, penguins),
                                   data.frame(flipper_length_mm = c(180, 240), bill_depth_mm = c(15, 20))),
  longley = describe(lm(Employed ~ ., longley), new_longley),
  longley_weighted = describe(lm(Employed ~ ., longley, weights = weights), new_longley)
), "\n")
