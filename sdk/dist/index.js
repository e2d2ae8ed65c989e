import{a as o,e as r}from"./shared-FNIWQB2P.js";export{r as Coatcheck,o as CoatcheckError};
